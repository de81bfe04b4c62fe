# What the trainings for minutes on two CPU cores share: loaders and optimizers. The numbers are this project's own.
_base_ = "training.py"

train_dataloader = dict(batch_size=8, num_workers=0, dataset=dict(crop=32))
val_dataloader = dict(num_workers=0)
val_evaluator = dict(protocol="plain")
optim_wrapper = dict(
    generators=dict(optimizer=dict(type="Adam", lr=1e-3, betas=(0.5, 0.999))),
    discriminators=dict(optimizer=dict(type="Adam", lr=3e-4, betas=(0.5, 0.999))),
    sr=dict(optimizer=dict(type="Adam", lr=5e-4)),
)
