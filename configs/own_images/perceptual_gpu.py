# own_images/perceptual with sizes for a GPU: larger batches, crops and networks, and more iterations.
# The discriminator is Real-ESRGAN's U-Net, with its weight. No size here was measured on a GPU: if its memory is too
# small, take a smaller batch (--cfg-options train_dataloader.batch_size=8).
_base_ = "perceptual.py"

_disc = dict(_delete_=True, type="UNetDiscriminator", channels=64)
model = dict(sr=dict(channels=64, num_blocks=16), sr_adversarial=dict(weight=0.1, discriminator=_disc), average=0.999)
train_dataloader = dict(batch_size=16, num_workers=8, persistent_workers=True, pin_memory=True, dataset=dict(crop=64))
val_dataloader = dict(num_workers=2)
optim_wrapper = dict(sr=dict(optimizer=dict(lr=1e-4)), sr_discriminator=dict(optimizer=dict(lr=1e-4)))
train_cfg = dict(max_iters=50_000, val_interval=2500)
default_hooks = dict(checkpoint=dict(interval=2500), preview=dict(interval=2500))
