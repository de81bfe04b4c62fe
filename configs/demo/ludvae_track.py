# LUD-VAE for a quarter of an hour on two CPU cores: bulat_track (one network after the other) with another translator.
_base_ = "bulat_track.py"

# A quarter of the paper's channels, half of its layers; the weight of the KL divergence rises over 1000 steps.
_translator = dict(type="LUDVAE", channels=32, layers=2, hidden=dict(syn=8.0, real=3.0), kl_warmup=8000)
model = dict(translator=dict(_delete_=True, low_frequency_lock=9, **_translator))
