# CycleSRGAN of Table 4 on Track 2 of NTIRE 2017, x4: cyclesr_ntire17_t2 with the perceptual and GAN terms of Eq. (3).
# The paper gives neither the weights of the two terms nor the size of D_h: here they are ESRGAN's.
# VGG19's ImageNet weights (torchvision's vgg19-dcbb9e9d.pth) are taken from torch hub's cache, or from a path:
#   --cfg-options model.perceptual.weights=PATH
_base_ = "cyclesr_ntire17_t2.py"

model = dict(
    # ESRGAN: layer conv5_4 before the activation; the criterion is that of its released code
    perceptual=dict(weight=1.0, network="vgg19", layers=dict(conv5_4=1.0), criterion="l1", weights=None),
    sr_adversarial=dict(
        mode="ragan",  # Sec. 3.3
        weight=5e-3,  # ESRGAN
        discriminator=dict(type="VGGDiscriminator", channels=64, norm="batch"),  # ESRGAN, for HR crops of our size
    ),
    optimisation="alternating",  # Sec. 3.4: joint optimisation of these losses is unstable
)
optim_wrapper = dict(sr_discriminator=_base_.optim_wrapper.sr)  # ESRGAN: as the SR network
param_scheduler = dict(sr_discriminator=_base_.param_scheduler.sr)
