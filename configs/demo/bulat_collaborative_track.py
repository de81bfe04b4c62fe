# *Bulat et al. of Table 1 (trained collaboratively).
# For a quarter of an hour on two CPU cores, on a folder of HR and a folder of real LR images:
#   python tools/train.py configs/demo/bulat_collaborative_track.py --hr HR_DIR --real LR_DIR
# tools/benchmark_tables.py runs it on simulated tracks. As cyclesr_track.py but for the translator.
_base_ = "../_base_/runtime.py"

_data = "data/track"

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic", scale=4),
    translator=dict(
        type="Bulat",
        scale=4,
        # A field of view of 7 LR px, as for CycleSR, but on the pixels of HR.
        generator=dict(
            channels=32,
            num_blocks=0,
            downsampling="unshuffle",
            norm="none",
            head_kernel=5,
            tail_kernel=3,
            init="default",
        ),
        # Fine structure alone, in patches of 16 px: how images are degraded, not what they show.
        discriminator=dict(channels=64, num_layers=1, norm="instance", high_pass=5, init="default"),
        residual=True,
        noise_channels=1,
        free_noise=True,  # as for CycleSR
        pixel_weight=20.0,
        pool_size=0,
    ),
    sr=dict(type="EDSR", scale=4, channels=48, num_blocks=6, upsampling="direct", global_skip=True),
    sr_loss=dict(type="MSELoss", weight=10.0),
    feedback_weight=10.0,  # with 1000, a G1 that sees HR hides its detail in LR: docs/results/analysis.md
    optimisation="joint",
    channels_last=True,
)

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type="EndlessSampler"),
    dataset=dict(
        type="UnpairedDataset",
        hr=_data + "/hr",
        real=_data + "/real",
        scale=4,
        crop=32,
        augment=True,
        cache="disk",
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="PairedDataset", lr=_data + "/valid/lr", hr=_data + "/valid/hr", scale=4),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="SRQuality", protocol="plain")
test_evaluator = val_evaluator

optim_wrapper = dict(
    constructor="PartOptimizers",
    amp="auto",
    generators=dict(optimizer=dict(type="Adam", lr=1e-3, betas=(0.5, 0.999))),
    discriminators=dict(optimizer=dict(type="Adam", lr=3e-4, betas=(0.5, 0.999))),
    sr=dict(optimizer=dict(type="Adam", lr=5e-4)),
)
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.3)]
param_scheduler = dict(
    generators=_decay,
    discriminators=_decay,
    sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.7)],
)
train_cfg = dict(type="ResumableTrainLoop", max_iters=4000, val_interval=500)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(checkpoint=dict(interval=500), preview=dict(interval=500))
custom_hooks = [
    dict(
        type="StageHook",
        stages=[
            dict(name="translation", fraction=0.25),
            # The SR network learns G1's LR before it gives feedback: one that has seen only sharp LR pulls G1 back.
            dict(name="sr_on_fake", fraction=0.15),
            dict(name="joint"),
        ],
    ),
]
randomness = dict(seed=0)
