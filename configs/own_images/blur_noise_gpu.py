# own_images/blur_noise with sizes for a GPU: larger batches, crops and SR network, and more iterations.
# The SR network is EDSR-baseline. A batch has 3.6 times the pixels of EDSR's, with which a step would take a large GPU
# longer to launch than to compute. Not measured on a GPU: if the memory is too small, take a smaller batch
# (--cfg-options train_dataloader.batch_size=8); --iterations makes it shorter or longer.
_base_ = "blur_noise.py"

model = dict(sr=dict(channels=64, num_blocks=16))
train_dataloader = dict(batch_size=32, num_workers=8, persistent_workers=True, pin_memory=True, dataset=dict(crop=64))
val_dataloader = dict(num_workers=2)
train_cfg = dict(max_iters=50_000, val_interval=2500)
default_hooks = dict(checkpoint=dict(interval=2500), preview=dict(interval=2500))
