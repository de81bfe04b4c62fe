# DSGAN, trained collaboratively, for a quarter of an hour on two CPU cores: cyclesr_track with another translator.
_base_ = "cyclesr_track.py"

_cyclesr = _base_.model.translator
_kept = {key: _cyclesr[key] for key in ("residual", "noise_channels", "low_frequency_lock", "free_noise")}
_translator = dict(
    type="DSGAN",
    # CycleSR's field of view of 7 px and its discriminator, with DSGAN's two losses.
    generator=dict(type="ResNetGenerator", **_cyclesr.generator),
    discriminator=dict(type="PatchDiscriminator", channels=64, num_layers=1, norm="instance", init="default"),
    window=5,
    adversarial="lsgan",
    adversarial_weight=1.0,
    colour_weight=10.0,
)
model = dict(translator=dict(_delete_=True, **_translator, **_kept))
