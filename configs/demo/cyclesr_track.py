# CycleSR for a quarter of an hour on two CPU cores: cyclesr_demo for longer, on simulated tracks, with noise left free.
# cyclesr benchmark-track runs it. For images of your own: own_images/network.
_base_ = "cyclesr_demo.py"

_data = "data/track"
model = dict(translator=dict(free_noise=True))  # feedback would forbid it: noise costs SR whatever the SR network does
train_dataloader = dict(dataset=dict(hr=_data + "/hr", real=_data + "/real", cache="disk"))
_valid = dict(_delete_=True, type="PairedDataset", lr=_data + "/valid/lr", hr=_data + "/valid/hr")
val_dataloader = dict(dataset=_valid)
train_cfg = dict(max_iters=4000, val_interval=500)
default_hooks = dict(checkpoint=dict(interval=500), preview=dict(interval=500))
