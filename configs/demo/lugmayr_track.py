# Lugmayr et al. 2019 on two CPU cores: cyclesrgan_track, but the CycleGAN first and on its own, without noise, and then
# the SR network on what it makes, with ESRGAN's losses. They need the weights that cyclesrgan_track names:
#   cyclesr train demo/lugmayr_track --hr HR_DIR --real LR_DIR --cfg-options model.perceptual.weights=VGG16_FILE
_base_ = "cyclesrgan_track.py"

model = dict(translator=dict(noise_channels=0, free_noise=False), sr_loss=dict(type="L1Loss", weight=10.0))
# As many steps of each part as in 2500 steps of cyclesr_track, each part's rate falling as there (bulat_track).
_stages = [dict(name="translation", fraction=0.53), dict(name="sr_on_fake")]
custom_hooks = [dict(type="StageHook", stages=_stages)]
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.16, stop_at=0.53)]
_late = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.81)]
param_scheduler = dict(generators=_decay, discriminators=_decay, sr=_late, sr_discriminator=_late)
