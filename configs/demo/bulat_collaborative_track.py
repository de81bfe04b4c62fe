# *Bulat et al. of Table 1 for a quarter of an hour on two CPU cores: cyclesr_track with another translator.
_base_ = "cyclesr_track.py"

_cyclesr = _base_.model.translator
_keys = ("discriminator", "residual", "noise_channels", "low_frequency_lock", "free_noise", "pool_size")
_kept = {key: _cyclesr[key] for key in _keys}
_sizes = {key: value for key, value in _cyclesr.generator.items() if key != "num_down"}
# G1 has a field of view of 7 LR px, as for CycleSR, but on the pixels of HR.
_generator = dict(downsampling="unshuffle", **_sizes)
model = dict(
    translator=dict(_delete_=True, type="Bulat", generator=_generator, pixel_weight=20.0, **_kept),
    sr_loss=dict(weight=10.0),
    feedback_weight=10.0,  # with 1000, a G1 that sees HR hides its detail in LR: docs/results/analysis.md
)
