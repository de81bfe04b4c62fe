# Hooks, logs and visualization: nothing here changes a number.
default_scope = "cyclesr"

default_hooks = dict(
    timer=dict(type="IterTimerHook"),
    logger=dict(type="ProgressHook", interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=1000, max_keep_ckpts=3, save_last=True),
    runtime_info=dict(type="LossLogHook"),
    rank_states=dict(type="RankStatesHook"),
    checkpoint_contents=dict(type="CheckpointContentsHook"),
    non_finite=dict(type="NonFiniteHook", patience=20),
    preview=dict(type="PreviewHook", interval=1000),
)
log_processor = dict(type="LogProcessor", by_epoch=False, window_size=50)
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")])
env_cfg = dict(cudnn_benchmark=True, dist_cfg=dict(backend="nccl"))
log_level = "INFO"
