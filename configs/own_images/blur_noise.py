# Your own images, their degradation learnt as a blur and a noise level (five numbers): minutes on two CPU cores.
#   cyclesr train own_images/blur_noise --hr SHARP_DIR --real YOUR_DIR
# SHARP_DIR holds sharp images of any scenes, YOUR_DIR the images that the SR network is for. --scale N makes them N
# times as large. Your own held-out pairs are for validation: --val-hr DIR --val-lr DIR. Sizes for a GPU:
# own_images/blur_noise_gpu. What it finds, and what it cannot: docs/probabilistic.md.
_base_ = "../_base_/minutes.py"

scale = 4  # degradation, SR network, data and metric follow

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic"),
    translator=dict(
        type="ProbabilisticDegradation",
        blur=dict(type="GaussianBlur", num_kernels=1, sigma=0.3),
        noise=dict(type="LearntNoise", shot=0.003, read=0.003),
        # Only fine structure, in patches of 16 px: how images are degraded, not what they show.
        discriminator=dict(channels=32, num_layers=1, norm="instance", high_pass=5, init="default"),
        feedback="none",  # five numbers need no holding, and feedback pulls at both blur and noise
    ),
    sr=dict(type="EDSR", channels=48, num_blocks=6, upsampling="direct", global_skip=True),
    sr_loss=dict(type="MSELoss", weight=1e3),
    feedback_weight=1e3,
    optimisation="joint",
    channels_last=True,
)
# Nothing is flipped or turned: a kernel that is not round would become several.
train_dataloader = dict(dataset=dict(hr="SHARP_DIR", real="YOUR_DIR", augment=False, cache="disk"))
val_dataloader = dict(dataset=dict(hr="VAL_HR_DIR", lr="VAL_LR_DIR"))

optim_wrapper = dict(generators=dict(optimizer=dict(lr=2e-3)), discriminators=dict(optimizer=dict(lr=1e-3)))
_stages = [
    dict(name="translation", fraction=0.25),
    # The SR network learns the degraded LR before the joint stage.
    dict(name="sr_on_fake", fraction=0.15),
    dict(name="joint"),
]
custom_hooks = [dict(type="StageHook", stages=_stages)]
train_cfg = dict(max_iters=4000, val_interval=500)
default_hooks = dict(checkpoint=dict(interval=500), preview=dict(interval=500))
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.3)]
_late_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.7)]
param_scheduler = dict(generators=_decay, discriminators=_decay, sr=_late_decay)
