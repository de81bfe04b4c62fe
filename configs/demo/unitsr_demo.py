# UNITSR on the embedded photographs: cyclesr_demo with another translator. Minutes on two CPU cores, no download.
# Data: cyclesr prepare demo --out data/demo_seed0.
_base_ = "cyclesr_demo.py"

_cyclesr = _base_.model.translator
_kept = {
    key: _cyclesr[key] for key in ("generator", "residual", "noise_channels", "low_frequency_lock", "cycle_weight")
}
_translator = dict(
    type="UNIT",
    discriminator=dict(type="PatchDiscriminator", **_cyclesr.discriminator),
    # A code without norm layers starts small: noise of unit variance would drown it, and G1 would never move.
    latent_noise=False,
    reconstruction_weight=10.0,
    kl_weight=0.01,
    cycle_kl_weight=0.01,
)
model = dict(translator=dict(_delete_=True, **_translator, **_kept))
