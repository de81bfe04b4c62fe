# A learnt blur and noise level on simulated tracks: own_images/blur_noise with other data.
_base_ = "../own_images/blur_noise.py"

_data = "data/track"
train_dataloader = dict(dataset=dict(hr=_data + "/hr", real=_data + "/real"))
val_dataloader = dict(dataset=dict(lr=_data + "/valid/lr", hr=_data + "/valid/hr"))
