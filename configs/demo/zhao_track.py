# Zhao et al. 2018 for a quarter of an hour on two CPU cores: bulat_collaborative_track with a second cycle, from real
# LR to HR and back, and everything trained together from the start. The weights are this project's own. The perceptual
# loss of the paper needs ImageNet weights of VGG16 (a file, or torch hub's cache):
#   --cfg-options model.cycle_perceptual="{'weight': 0.5, 'network': 'vgg16', 'layers': {'conv2_2': 1.0}}"
_base_ = "bulat_collaborative_track.py"

_kept = {part: _base_.model[part] for part in ("degradation", "sr", "channels_last")}
# G1 has no noise; the cycle of HR takes the place of a pixel loss.
_translator = {key: value for key, value in _base_.model.translator.items() if key != "free_noise"}
_translator |= dict(noise_channels=0, pixel_weight=0.0)
_l1 = dict(type="L1Loss", weight=10.0)  # CycleGAN's, both cycles
model = dict(_delete_=True, type="BiCycleSR", translator=_translator, sr_loss=_l1, cycle_loss=_l1, **_kept)
custom_hooks = []
