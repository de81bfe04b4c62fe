# ESRGAN on degraded pairs of NTIRE 2020 (Table 2), x4: RRDBNet with L1, perceptual and relativistic adversarial loss.
# Beside each number: where it comes from. "ESRGAN" is its paper (Wang et al. 2018), "BasicSR" its released code.
# Pairs first: python tools/degrade.py CHECKPOINT data/NTIRE2020/Corrupted-tr-y data/NTIRE2020/degraded \
#     --hr-out data/NTIRE2020/hr
# ESRGAN begins at a network that was trained for PSNR, one of configs/ntire20_rrdb.py or a published one:
#   --cfg-options load_from=work_dirs/ntire20_rrdb/sr_latest.safetensors
# VGG19's ImageNet weights (torchvision's vgg19-dcbb9e9d.pth) are taken from torch hub's cache, or from a path:
#   --cfg-options model.perceptual.weights=PATH
_base_ = "_base_/runtime.py"

_data = "data/NTIRE2020"

model = dict(
    type="SupervisedSR",
    sr=dict(type="RRDBNet", scale=4, channels=64, num_blocks=23, growth=32),  # ESRGAN
    sr_loss=dict(type="L1Loss", weight=1e-2),  # ESRGAN
    perceptual=dict(
        weight=1.0,  # ESRGAN
        network="vgg19",  # ESRGAN
        layers=dict(conv5_4=1.0),  # ESRGAN: before the activation
        criterion="l1",  # BasicSR
        weights=None,
    ),
    sr_adversarial=dict(
        mode="ragan",  # ESRGAN
        weight=5e-3,  # ESRGAN
        discriminator=dict(type="VGGDiscriminator", crop=128, channels=64, norm="batch"),  # ESRGAN
    ),
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
    sr=dict(optimizer=dict(type="Adam", lr=1e-4, betas=(0.9, 0.999))),  # ESRGAN
    sr_discriminator=dict(optimizer=dict(type="Adam", lr=1e-4, betas=(0.9, 0.999))),  # ESRGAN
)
# ESRGAN: the rates are halved at 50k, 100k, 200k and 300k updates.
_halved = [dict(type="MultiStepLR", by_epoch=False, milestones=[50_000, 100_000, 200_000, 300_000], gamma=0.5)]
param_scheduler = dict(sr=_halved, sr_discriminator=_halved)
train_cfg = dict(type="ResumableTrainLoop", max_iters=400_000, val_interval=5000)  # BasicSR
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
randomness = dict(seed=0)
