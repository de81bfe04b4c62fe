# CycleGAN of Table 1 for a quarter of an hour on two CPU cores: cyclesr_track, only a CycleGAN of enlarged LR and HR.
_base_ = "cyclesr_track.py"

_sizes = dict(channels=16, num_blocks=4, num_down=2)
_networks = dict(generator=_sizes, discriminator=dict(channels=64, num_layers=3))
_translator = dict(type="CycleGAN", residual=True, cycle_weight=10.0, identity_weight=5.0, **_networks)
_sr = dict(type="Upscaled", network=dict(residual=True, **_sizes))
model = dict(_delete_=True, type="CycleGANSR", sr=_sr, translator=_translator, channels_last=True)
train_dataloader = dict(batch_size=2)
optim_wrapper = {key: value for key, value in _base_.optim_wrapper.items() if key != "sr"}  # is one of the generators
optim_wrapper["_delete_"] = True
custom_hooks = []
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.5)]
param_scheduler = dict(_delete_=True, generators=_decay, discriminators=_decay)
