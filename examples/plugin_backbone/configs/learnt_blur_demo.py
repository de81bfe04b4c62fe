# A learnt Gaussian blur and a depthwise separable SR network, on the embedded photographs of the demo.
# Data: tools/prepare_data.py demo --out data/demo_seed0. Numbers are this example's own.
default_scope = "cyclesr"

_data = "data/demo_seed0"

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic", scale=4),
    translator=dict(type="LearntBlur", side=7, channels=32),
    sr=dict(type="DepthwiseSR", scale=4, channels=48, num_blocks=8),
    sr_loss=dict(type="CharbonnierLoss", weight=10.0),
    feedback_weight=10.0,
)

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type="EndlessSampler"),
    dataset=dict(
        type="UnpairedDataset", hr=_data + "/hr", real=_data + "/real", scale=4, crop=32, augment=True, cache="memory"
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="PairedDataset", lr=_data + "/valid/lr", hr=_data + "/valid/hr", scale=4, cache="memory"),
)
val_evaluator = dict(type="SRQuality", protocol="plain")
test_dataloader = val_dataloader
test_evaluator = val_evaluator

optim_wrapper = dict(
    constructor="PartOptimizers",
    generators=dict(optimizer=dict(type="Adam", lr=1e-2, betas=(0.5, 0.999))),
    discriminators=dict(optimizer=dict(type="Adam", lr=3e-4, betas=(0.5, 0.999))),
    sr=dict(optimizer=dict(type="Adam", lr=1e-3)),
)
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.3)]
param_scheduler = dict(generators=_decay, discriminators=_decay, sr=_decay)
train_cfg = dict(type="ResumableTrainLoop", max_iters=300, val_interval=100)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
default_hooks = dict(
    timer=dict(type="IterTimerHook"),
    logger=dict(type="ProgressHook", interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=100, max_keep_ckpts=2, save_last=True),
    runtime_info=dict(type="LossLogHook"),
    rank_states=dict(type="RankStatesHook"),
    checkpoint_contents=dict(type="CheckpointContentsHook"),
    non_finite=dict(type="NonFiniteHook"),
)
custom_hooks = [dict(type="StageHook", stages=[dict(name="translation", fraction=0.3), dict(name="joint")])]
log_processor = dict(type="LogProcessor", by_epoch=False)
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")])
randomness = dict(seed=0)
