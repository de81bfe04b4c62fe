# Bulat et al. of Table 1 (G1 first, then the SR network).
# For a quarter of an hour on two CPU cores, on a folder of HR and a folder of real LR images:
#   python tools/train.py configs/demo/bulat_track.py --hr HR_DIR --real LR_DIR
# tools/benchmark_tables.py runs it on simulated tracks. See cyclesr_track.py for the numbers that both share.
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
        pixel_weight=20.0,
        pool_size=0,
    ),
    sr=dict(type="EDSR", scale=4, channels=48, num_blocks=6, upsampling="direct", global_skip=True),
    sr_loss=dict(type="MSELoss", weight=1e3),
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
# As many steps of each part as in 2500 steps of cyclesr_track.py, each part's rate falling as there.
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.16, stop_at=0.53)]
param_scheduler = dict(
    generators=_decay,
    discriminators=_decay,
    sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.81)],
)
train_cfg = dict(type="ResumableTrainLoop", max_iters=4000, val_interval=500)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(checkpoint=dict(interval=500), preview=dict(interval=500))
custom_hooks = [
    dict(
        type="StageHook",
        stages=[dict(name="translation", fraction=0.53), dict(name="sr_on_fake")],
    ),
]
randomness = dict(seed=0)
