# CycleSR on the embedded photographs: minutes on two CPU cores, no download. Data: tools/prepare_data.py demo.
# Numbers are this project's own, for small data: see docs/drift.md for what each of them is there for.
_base_ = "../_base_/runtime.py"

_data = "data/demo"

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic", scale=4),
    translator=dict(
        type="CycleGAN",
        # A small field of view can learn blur and noise, but no content: this is what keeps G1 from drifting.
        generator=dict(channels=32, num_blocks=0, num_down=0, head_kernel=5, tail_kernel=3, norm="none"),
        discriminator=dict(channels=64, num_layers=2, norm="instance", high_pass=5),
        residual=True,
        noise_channels=1,
        cycle_weight=10.0,
        identity_weight=5.0,
        pool_size=0,
    ),
    sr=dict(type="EDSR", scale=4, channels=48, num_blocks=6, global_skip="bicubic"),
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
        augment=True,
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
    generators=dict(optimizer=dict(type="Adam", lr=1e-3, betas=(0.5, 0.999))),
    discriminators=dict(optimizer=dict(type="Adam", lr=4e-4, betas=(0.5, 0.999))),
    sr=dict(optimizer=dict(type="Adam", lr=5e-4)),
)
param_scheduler = dict(
    generators=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.3)],
    discriminators=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.3)],
    sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=0.5)],
)
train_cfg = dict(type="ResumableTrainLoop", max_iters=600, val_interval=200)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(checkpoint=dict(interval=200), preview=dict(interval=200))
custom_hooks = [dict(type="StageHook", stages=[dict(name="joint")])]
randomness = dict(seed=0)
