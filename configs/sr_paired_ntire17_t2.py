# SR_paired of Table 1 (VDSR trained on true pairs) on Track 2 of NTIRE 2017: unknown downscaling, x4.
# Beside each number: where it comes from. "Sec. n" is the paper; "released code" is what its authors' group published.
# The paper does not say how long its baselines trained: here, as many steps as the SR network of CycleSR.
_base_ = "_base_/runtime.py"

_data = "data/DIV2K"
_epoch = 1018  # iterations, as for CycleSR: 16.3k sub-images of 480 px (released code), batch 16

model = dict(
    type="SupervisedSR",
    sr=dict(
        type="VDSR", scale=4, channels=64, num_blocks=20, norm="batch"
    ),  # Sec. 4.1: "a modified VDSR"; sizes: released code
    sr_loss=dict(type="MSELoss", weight=1000.0),  # as for CycleSR: with clipped gradients the weight matters
    channels_last="auto",
)

train_dataloader = dict(
    batch_size=16,  # released code: 16 in v0.9.3, 64 later; 16 fits a GPU of 24 GB
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type="EndlessSampler"),
    dataset=dict(
        type="PairedDataset",
        lr=_data + "/DIV2K_train_LR_unknown/X4",  # Sec. 4.2: only the mild and wild pairs need alignment
        hr=_data + "/DIV2K_train_HR",  # Sec. 4.2: "original paired data", read as all 800 pairs
        scale=4,
        crop=120,  # released code: 480 / 120 sub-images
        augment=False,  # a turned pair would show a turned degradation
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="PairedDataset",
        lr=_data + "/DIV2K_valid_LR_unknown/X4",
        hr=_data + "/DIV2K_valid_HR",
        scale=4,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="SRQuality", protocol="ntire17")
test_evaluator = val_evaluator

optim_wrapper = dict(
    constructor="PartOptimizers",
    amp="auto",
    # Sec. 4.1: Adam, betas 0.9 and 0.999, 1e-4 for the SR network
    sr=dict(
        optimizer=dict(type="Adam", lr=1e-4, betas=(0.9, 0.999)),
        clip_grad=dict(max_norm=50.0),  # released code
    ),
)
# As the SR network of CycleSR: 1 epoch of pre-training, 100 at a constant rate, then 100 linearly to zero (Sec. 4.1).
param_scheduler = dict(
    sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=101 / 201)],
)
train_cfg = dict(
    type="ResumableTrainLoop",
    max_iters=201 * _epoch,
    val_interval=5 * _epoch,  # released code
)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
randomness = dict(seed=0)
