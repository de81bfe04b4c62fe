# Zhao et al. 2018 on Track 2 of NTIRE 2017, x4: bulat_collaborative_ntire17_t2 with a second cycle, from real LR to HR.
# Networks, weights and length are not those of that paper: networks are those of the other rows, weights CycleGAN's.
# VGG19's ImageNet weights (torchvision's vgg19-dcbb9e9d.pth) are taken from torch hub's cache, or from a path:
#   --cfg-options model.cycle_perceptual.weights=PATH
_base_ = "bulat_collaborative_ntire17_t2.py"

_kept = {part: _base_.model[part] for part in ("degradation", "sr", "channels_last")}
_translator = dict(_base_.model.translator, noise_channels=0, pixel_weight=0.0)  # the cycle of HR holds the content
_l1 = dict(type="L1Loss", weight=10.0)  # CycleGAN
_percep = dict(weight=1.0, network="vgg19", layers=dict(conv5_4=1.0), criterion="l1", weights=None)  # ESRGAN
_cycle = dict(cycle_loss=_l1, cycle_perceptual=_percep)
model = dict(_delete_=True, type="BiCycleSR", translator=_translator, sr_loss=_l1, **_cycle, **_kept)
custom_hooks = []
