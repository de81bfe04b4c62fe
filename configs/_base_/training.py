# What all trainings share. A change here changes every config: amp, for example.
_base_ = "runtime.py"

train_dataloader = dict(sampler=dict(type="EndlessSampler"), dataset=dict(type="UnpairedDataset"))
_in_order = dict(type="DefaultSampler", shuffle=False)
val_dataloader = dict(batch_size=1, sampler=_in_order, dataset=dict(type="PairedDataset"))
# A test uses the data and the metric of validation, unless a config has a test_dataloader or a test_evaluator.
val_evaluator = dict(type="SRQuality")
optim_wrapper = dict(constructor="PartOptimizers", amp="auto")
train_cfg = dict(type="ResumableTrainLoop")
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
randomness = dict(seed=0)
