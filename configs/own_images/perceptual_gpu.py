# own_images/perceptual with sizes for a GPU: larger batches, crops and networks, and more iterations.
# Losses and discriminator are those of Real-ESRGAN, with VGG16 for VGG19. No size here was measured on a GPU: if
# its memory is too small, take a smaller batch (--cfg-options train_dataloader.batch_size=8).
_base_ = "perceptual.py"

_layers = dict(conv1_2=0.1, conv2_2=0.1, conv3_3=1.0, conv4_3=1.0, conv5_3=1.0)
model = dict(
    sr=dict(channels=64, num_blocks=16),
    perceptual=dict(layers=_layers),
    sr_adversarial=dict(discriminator=dict(channels=64)),
    average=0.999,
)
train_dataloader = dict(batch_size=16, num_workers=8, persistent_workers=True, pin_memory=True, dataset=dict(crop=64))
val_dataloader = dict(num_workers=2)
optim_wrapper = dict(sr=dict(optimizer=dict(lr=1e-4)), sr_discriminator=dict(optimizer=dict(lr=1e-4)))
train_cfg = dict(max_iters=50_000, val_interval=2500)
default_hooks = dict(checkpoint=dict(interval=2500), preview=dict(interval=2500))
