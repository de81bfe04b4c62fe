# CycleSRGAN on two CPU cores: cyclesr_track with the perceptual and GAN terms of Eq. (3).
#   cyclesr train demo/cyclesrgan_track --hr HR_DIR --real LR_DIR --cfg-options model.perceptual.weights=VGG16_FILE
# VGG16_FILE holds torchvision's ImageNet weights, or only their 'features.*' tensors; without the option they are
# looked for in torch hub's cache. A step takes several times as long as one of CycleSR: VGG16 sees each HR crop twice.
_base_ = "cyclesr_track.py"

_disc = dict(type="VGGDiscriminator", channels=16, norm="batch")
model = dict(
    # A shallow layer: it costs a quarter of the deep ones that ESRGAN takes.
    perceptual=dict(weight=0.5, network="vgg16", layers=dict(conv2_2=1.0), weights=None),
    sr_adversarial=dict(mode="ragan", weight=5e-3, discriminator=_disc),
    optimisation="alternating",  # only the MSE gives feedback
)
optim_wrapper = dict(sr_discriminator=dict(optimizer=dict(type="Adam", lr=3e-4)))
param_scheduler = dict(sr_discriminator=_base_.param_scheduler.sr)
