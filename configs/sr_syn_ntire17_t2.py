# SR_syn of Table 1 on Track 2 of NTIRE 2017, x4: the SR network of cyclesr_ntire17_t2, trained on bicubic LR.
# The paper does not say how long its baselines trained: here, as many steps as the SR network of CycleSR.
_base_ = "cyclesr_ntire17_t2.py"

_parts = ("degradation", "sr", "sr_loss", "channels_last")
model = dict(_delete_=True, type="SupervisedSR", **{part: _base_.model[part] for part in _parts})
# The paper gives no other set for SR_syn. It uses no real images: the data set gets HR in their place.
train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_HR", real_range=(1, 400)))
optim_wrapper = dict(_delete_=True, **{key: _base_.optim_wrapper[key] for key in ("constructor", "amp", "sr")})
# As the SR network of CycleSR: 1 epoch of pre-training, 100 at a constant rate, then 100 linearly to zero (Sec. 4.1).
custom_hooks = []
train_cfg = dict(max_iters=201 * _base_._epoch)
param_scheduler = dict(_delete_=True, sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=101 / 201)])
