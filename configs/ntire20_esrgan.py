# ESRGAN on degraded pairs of NTIRE 2020 (Table 2), x4: ntire20_rrdb with perceptual and relativistic GAN losses.
# Beside each number: where it comes from. "ESRGAN" is its paper (Wang et al. 2018), "BasicSR" its released code.
# Pairs first: see ntire20_rrdb.
# ESRGAN begins with a network that was trained for PSNR, one of ntire20_rrdb or a published one:
#   --cfg-options load_from=work_dirs/ntire20_rrdb/sr_latest.safetensors
# VGG19's ImageNet weights (torchvision's vgg19-dcbb9e9d.pth) are taken from torch hub's cache, or from a path:
#   --cfg-options model.perceptual.weights=PATH
_base_ = "ntire20_rrdb.py"

_disc = dict(type="VGGDiscriminator", channels=64, norm="batch")
model = dict(
    sr_loss=dict(weight=1e-2),  # ESRGAN
    # ESRGAN: layer conv5_4 before the activation. BasicSR: the criterion
    perceptual=dict(weight=1.0, network="vgg19", layers=dict(conv5_4=1.0), criterion="l1", weights=None),
    # ESRGAN; D_h takes HR crops of the size of the data
    sr_adversarial=dict(mode="ragan", weight=5e-3, discriminator=_disc),
)
_adam = dict(optimizer=dict(type="Adam", lr=1e-4, betas=(0.9, 0.999)))  # ESRGAN
optim_wrapper = dict(sr=_adam, sr_discriminator=_adam)
_milestones = [50_000, 100_000, 200_000, 300_000]  # ESRGAN: the rates are halved there
_halved = [dict(type="MultiStepLR", by_epoch=False, milestones=_milestones, gamma=0.5)]
param_scheduler = dict(sr=_halved, sr_discriminator=_halved)
train_cfg = dict(max_iters=400_000)  # BasicSR
