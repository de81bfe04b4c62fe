# Bulat et al. of Table 1 on Track 2 of NTIRE 2017, x4: bulat_collaborative_ntire17_t2, one network after the other.
_base_ = "bulat_collaborative_ntire17_t2.py"

_parts = ("type", "degradation", "translator", "sr", "sr_loss", "channels_last")
model = dict(_delete_=True, **{part: _base_.model[part] for part in _parts})  # no feedback
# The paper does not say how long. Here each part takes as many steps as in CycleSR.
_stages = [dict(name="translation", iters=205 * _base_._epoch), dict(name="sr_on_fake")]
custom_hooks = [dict(type="StageHook", stages=_stages)]
# As in CycleSR, the rate of the SR network falls linearly to zero over the last 100 epochs (Sec. 4.1).
train_cfg = dict(max_iters=406 * _base_._epoch)
param_scheduler = dict(sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=306 / 406)])
