# RRDBNet trained for PSNR on degraded pairs of NTIRE 2020, x4: where ESRGAN begins (configs/ntire20_esrgan.py).
# Beside each number: where it comes from. "ESRGAN" is its paper (Wang et al. 2018), "BasicSR" its released code.
# Pairs first: python tools/degrade.py CHECKPOINT data/NTIRE2020/Corrupted-tr-y data/NTIRE2020/degraded \
#     --hr-out data/NTIRE2020/hr
_base_ = "_base_/runtime.py"

_data = "data/NTIRE2020"

model = dict(
    type="SupervisedSR",
    sr=dict(type="RRDBNet", scale=4, channels=64, num_blocks=23, growth=32),  # ESRGAN
    sr_loss=dict(type="L1Loss", weight=1.0),  # ESRGAN
    channels_last="auto",
)

train_dataloader = dict(
    batch_size=16,  # ESRGAN
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type="EndlessSampler"),
    dataset=dict(
        type="PairedDataset",
        lr=_data + "/degraded",
        hr=_data + "/hr",
        scale=4,
        crop=32,  # ESRGAN: HR patches of 128 px
        augment=True,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="PairedDataset", lr=_data + "/valid/lr", hr=_data + "/valid/hr", scale=4),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="SRQuality", protocol="ntire20")
test_evaluator = val_evaluator

optim_wrapper = dict(
    constructor="PartOptimizers",
    amp="auto",
    sr=dict(optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999))),  # ESRGAN
)
# ESRGAN: the rate is halved every 200k updates.
param_scheduler = dict(
    sr=[dict(type="MultiStepLR", by_epoch=False, milestones=[200_000, 400_000, 600_000, 800_000], gamma=0.5)],
)
train_cfg = dict(type="ResumableTrainLoop", max_iters=1_000_000, val_interval=5000)  # BasicSR
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
randomness = dict(seed=0)
