# The embedded demo, a learnt blur and noise level: own_images/blur_noise for a shorter time, on embedded photographs.
# Minutes on two CPU cores, no download. Data: cyclesr prepare demo --out data/demo_seed0.
# The numbers are this project's own, for small data: docs/probabilistic.md says what it finds and what it cannot.
_base_ = "../own_images/blur_noise.py"

_data = "data/demo_seed0"
# Only HR is turned: a kernel that is not round would become several if real images were turned.
train_dataloader = dict(dataset=dict(hr=_data + "/hr", real=_data + "/real", augment="hr", cache="memory"))
val_dataloader = dict(dataset=dict(lr=_data + "/valid/lr", hr=_data + "/valid/hr", cache="memory"))
train_cfg = dict(max_iters=1600, val_interval=200)
default_hooks = dict(checkpoint=dict(interval=200), preview=dict(interval=200))
