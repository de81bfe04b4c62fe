# Bulat et al. of Table 1 for a quarter of an hour on two CPU cores: bulat_collaborative_track, one network at a time.
_base_ = "bulat_collaborative_track.py"

_translator = {key: value for key, value in _base_.model.translator.items() if key != "free_noise"}
_kept = {part: _base_.model[part] for part in ("type", "degradation", "sr", "channels_last")}
model = dict(_delete_=True, translator=_translator, sr_loss=dict(type="MSELoss", weight=1e3), **_kept)  # no feedback
# As many steps of each part as in 2500 steps of cyclesr_track, each part's rate falling as there.
_stages = [dict(name="translation", fraction=0.53), dict(name="sr_on_fake")]
custom_hooks = [dict(type="StageHook", stages=_stages)]
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.16, stop_at=0.53)]
_late_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.81)]
param_scheduler = dict(generators=_decay, discriminators=_decay, sr=_late_decay)
