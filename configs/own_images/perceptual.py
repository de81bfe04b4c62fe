# Your own images, sharp results: own_images/camera with perceptual and adversarial losses after a warm-up on the MSE.
#   cyclesr train --recipe perceptual --hr SHARP_DIR --real YOUR_DIR --sr-weights PRETRAINED
# PRETRAINED holds weights of any network that spandrel knows, such as those of OpenModelDB; without the option training
# starts from fresh weights. The perceptual loss needs VGG16's ImageNet weights, in torch hub's cache or given by
# --cfg-options model.perceptual.weights=VGG16_FILE. Networks, losses, optimizers: docs/perceptual.md.
_base_ = "camera.py"

_disc = dict(type="PatchDiscriminator", channels=32, num_layers=2, norm="instance", init="default")
model = dict(
    sr_loss=dict(_delete_=True, type="L1Loss", weight=1.0),
    perceptual=dict(type="LPIPSLoss", net="vgg", weight=1.0, weights=None),
    sr_adversarial=dict(mode="vanilla", weight=0.02, discriminator=_disc),
    artifacts=dict(weight=1.0),  # LDL; None leaves it out
    average=0.99,
    optimisation="alternating",
)
_warm_up = dict(type="WarmUpHook", loss=dict(type="MSELoss", weight=1e3), fraction=0.4)
custom_hooks = [dict(type="StageHook", stages=[dict(name="joint")]), _warm_up]
optim_wrapper = dict(sr_discriminator=dict(optimizer=dict(type="Adam", lr=3e-4)))
param_scheduler = dict(sr_discriminator=_base_.param_scheduler.sr)
