# CycleGAN of Table 1 (between enlarged LR and HR).
# For a quarter of an hour on two CPU cores, on a folder of HR and a folder of real LR images:
#   python tools/train.py configs/demo/cyclegan_track.py --hr HR_DIR --real LR_DIR
# tools/benchmark_tables.py runs it on simulated tracks. The paper's baseline, in small.
_base_ = "../_base_/runtime.py"

_data = "data/track"

_network = dict(channels=16, num_blocks=4, num_down=2, residual=True)

model = dict(
    type="CycleGANSR",
    sr=dict(type="Upscaled", scale=4, network=_network),
    translator=dict(
        type="CycleGAN",
        generator=dict(channels=16, num_blocks=4, num_down=2),
        discriminator=dict(channels=64, num_layers=3),
        residual=True,
        cycle_weight=10.0,
        identity_weight=5.0,
    ),
    channels_last=True,
)

train_dataloader = dict(
    batch_size=2,
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
)
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.5)]
param_scheduler = dict(generators=_decay, discriminators=_decay)
train_cfg = dict(type="ResumableTrainLoop", max_iters=4000, val_interval=500)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(checkpoint=dict(interval=500), preview=dict(interval=500))
randomness = dict(seed=0)
