# The embedded demo: a blur kernel and a noise level, five numbers, learnt from the embedded photographs beside the SR
# network. Minutes on two CPU cores, no download. Data: tools/prepare_data.py demo --out data/demo_seed0.
# Numbers are this project's own, for small data: see docs/probabilistic.md for what it finds and what it cannot.
_base_ = "../_base_/runtime.py"

_data = "data/demo_seed0"

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic", scale=4),
    translator=dict(
        type="ProbabilisticDegradation",
        blur=dict(type="GaussianBlur", num_kernels=1, sigma=0.3),
        noise=dict(type="LearntNoise", shot=0.003, read=0.003),
        # Fine structure alone, in patches of 16 px: how images are degraded, not what they show.
        discriminator=dict(channels=32, num_layers=1, norm="instance", high_pass=5, init="default"),
        feedback="none",  # five numbers need no holding, and feedback pulls at both blur and noise
    ),
    sr=dict(type="EDSR", scale=4, channels=48, num_blocks=6, upsampling="direct", global_skip=True),
    sr_loss=dict(type="MSELoss", weight=1e3),
    feedback_weight=1e3,
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
        augment="hr",  # a kernel that is not round would become several if real images were turned
        cache="memory",
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="PairedDataset", lr=_data + "/valid/lr", hr=_data + "/valid/hr", scale=4, cache="memory"),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="SRQuality", protocol="plain")
test_evaluator = val_evaluator

optim_wrapper = dict(
    constructor="PartOptimizers",
    amp="auto",
    generators=dict(optimizer=dict(type="Adam", lr=2e-3, betas=(0.5, 0.999))),
    discriminators=dict(optimizer=dict(type="Adam", lr=1e-3, betas=(0.5, 0.999))),
    sr=dict(optimizer=dict(type="Adam", lr=5e-4)),
)
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.3)]
param_scheduler = dict(
    generators=_decay,
    discriminators=_decay,
    sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.7)],
)
train_cfg = dict(type="ResumableTrainLoop", max_iters=1600, val_interval=200)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(checkpoint=dict(interval=200), preview=dict(interval=200))
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
