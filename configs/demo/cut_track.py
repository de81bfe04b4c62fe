# CUT, trained collaboratively, for a quarter of an hour on two CPU cores: cyclesr_track with another translator.
_base_ = "cyclesr_track.py"

# CycleSR's field of view of 7 px and its discriminator. The contrast compares the image and the layer.
_keys = ("generator", "discriminator", "residual", "noise_channels", "low_frequency_lock", "free_noise")
_kept = {key: _base_.model.translator[key] for key in _keys}
model = dict(translator=dict(_delete_=True, type="CUT", layers=(0, 3), head_width=64, num_patches=64, **_kept))
