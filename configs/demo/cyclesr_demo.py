# CycleSR on the embedded photographs: minutes on two CPU cores, no download.
# Data: cyclesr prepare demo --out data/demo_seed0.
# The numbers are this project's own, for small data: docs/drift.md says what each of them is for.
_base_ = "../_base_/minutes.py"

scale = 4  # degradation, SR network, data and metric follow
_data = "data/demo_seed0"

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic"),
    translator=dict(
        type="CycleGAN",
        # A field of view of 7 px can learn blur and noise but no content: G1 has little to drift with.
        generator=dict(
            channels=32, num_blocks=0, num_down=0, head_kernel=5, tail_kernel=3, norm="none", init="default"
        ),
        # Only fine structure, in patches of 16 px: how images are degraded, not what they show.
        discriminator=dict(channels=64, num_layers=1, norm="instance", high_pass=5, init="default"),
        residual=True,
        noise_channels=1,
        # Against colour casts: images that G1 and G2 make keep the 9x9 means of their input (docs/drift.md).
        low_frequency_lock=9,
        cycle_weight=10.0,
        identity_weight=5.0,
        pool_size=0,
    ),
    sr=dict(type="EDSR", channels=48, num_blocks=6, upsampling="direct", global_skip=True),
    sr_loss=dict(type="MSELoss", weight=1e3),
    feedback_weight=1e3,
    optimisation="joint",
    channels_last=True,
)
train_dataloader = dict(dataset=dict(hr=_data + "/hr", real=_data + "/real", augment=True, cache="memory"))
val_dataloader = dict(dataset=dict(lr=_data + "/valid/lr", hr=_data + "/valid/hr", cache="memory"))

_stages = [
    dict(name="translation", fraction=0.25),
    # The SR network learns G1's LR before it gives feedback: one that has only seen sharp LR pulls G1 back.
    dict(name="sr_on_fake", fraction=0.15),
    dict(name="joint"),
]
custom_hooks = [dict(type="StageHook", stages=_stages)]
train_cfg = dict(max_iters=1200, val_interval=200)
default_hooks = dict(checkpoint=dict(interval=200), preview=dict(interval=200))
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.3)]
_late_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.7)]
param_scheduler = dict(generators=_decay, discriminators=_decay, sr=_late_decay)
