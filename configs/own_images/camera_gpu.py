# own_images/camera with sizes for a GPU: larger batches, crops and SR network, and more iterations.
# Batches, crops and the SR network are those of EDSR-baseline. If the memory is too small, take a smaller batch
# (--cfg-options train_dataloader.batch_size=8); --iterations makes it shorter or longer.
_base_ = "camera.py"

model = dict(sr=dict(channels=64, num_blocks=16))
train_dataloader = dict(batch_size=16, num_workers=8, persistent_workers=True, pin_memory=True, dataset=dict(crop=48))
val_dataloader = dict(num_workers=2)
train_cfg = dict(max_iters=50_000, val_interval=2500)
default_hooks = dict(checkpoint=dict(interval=2500), preview=dict(interval=2500))
