# Lugmayr et al. 2019 on Track 2 of NTIRE 2017, x4: cyclesrgan_ntire17_t2, but the CycleGAN first and on its own, then
# the SR network, ESRGAN's, on what it makes. The weights of its losses are ESRGAN's; the length is that of CycleSR.
# VGG19's ImageNet weights, and a path to them: see cyclesrgan_ntire17_t2.
_base_ = "cyclesrgan_ntire17_t2.py"

_sr = dict(_delete_=True, type="RRDBNet", channels=64, num_blocks=23, growth=32)  # ESRGAN
model = dict(sr=_sr, sr_loss=dict(type="L1Loss", weight=1e-2))  # ESRGAN
_stages = [dict(name="translation", iters=205 * _base_._epoch), dict(name="sr_on_fake")]
custom_hooks = [dict(type="StageHook", stages=_stages)]
train_dataloader = dict(dataset=dict(crop=32))  # ESRGAN: HR patches of 128 px
train_cfg = dict(max_iters=406 * _base_._epoch)
_late = [dict(type="LinearDecayLR", by_epoch=False, decay_from=306 / 406)]  # as in bulat_ntire17_t2
param_scheduler = dict(sr=_late, sr_discriminator=_late)
