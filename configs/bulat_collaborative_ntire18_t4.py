# *Bulat et al. of Table 1 (with the collaborative strategy, SRResNet) on
# Track 4 of NTIRE 2018: wild degradation, x4.
# Beside each number: where it comes from. "Sec. n" is the paper; "released code" is what its authors' group published.
_base_ = "_base_/runtime.py"

_data = "data/DIV2K"
_epoch = 1018  # iterations: 400 HR images are 16.3k sub-images of 480 px (released code), batch 16

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic", scale=4),  # syn: for the pixel loss and the SR network's first epoch
    translator=dict(
        type="Bulat",
        scale=4,
        generator=dict(channels=64, num_blocks=9),  # Sec. 4.2: "a branch of CycleGAN", modified; its sizes
        discriminator=dict(channels=64, num_layers=3),  # CycleGAN: 70x70 PatchGAN
        noise_channels=1,
        adversarial="lsgan",  # CycleGAN
        pixel_weight=20.0,  # this project's choice: the paper tuned it and does not say
        pool_size=50,  # CycleGAN
    ),
    sr=dict(type="SRResNet", scale=4, channels=64, num_blocks=16, norm="batch"),  # Sec. 4.1: "the original SRResNet"
    sr_loss=dict(type="MSELoss", weight=100.0),  # Sec. 4.1: lambda_mse = lambda_Trans^SR
    feedback_weight=100.0,  # Sec. 4.1
    optimisation="joint",  # equal to alternating for this loss (Sec. 3.4), with one pass of the SR network
    channels_last="auto",
)

train_dataloader = dict(
    batch_size=16,  # released code: 16 in v0.9.3, 64 later; 16 fits a GPU of 24 GB
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type="EndlessSampler"),
    dataset=dict(
        type="UnpairedDataset",
        hr=_data + "/DIV2K_train_HR",
        real=_data + "/DIV2K_train_LR_wild",
        hr_range=(1, 400),  # Sec. 4.1: the first 400 HR images
        real_range=(401, 800),  # Sec. 4.1: the rest 400 of LR
        scale=4,
        crop=120,  # released code: 480 / 120 sub-images
        augment="hr_flips",  # released code: HR alone, and no turns
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="PairedDataset",
        lr=_data + "/DIV2K_valid_LR_wild",
        hr=_data + "/DIV2K_valid_HR",
        scale=4,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type="SRQuality", protocol="ntire18")
test_evaluator = val_evaluator

optim_wrapper = dict(
    constructor="PartOptimizers",
    amp="auto",
    # Sec. 4.1: Adam, betas 0.9 and 0.999, 2e-4 for the translator, 1e-4 for the SR network
    generators=dict(
        optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999)),
        clip_grad=dict(max_norm=50.0),  # released code
    ),
    discriminators=dict(
        optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999)),
        clip_grad=dict(max_norm=50.0),  # released code
    ),
    sr=dict(
        optimizer=dict(type="Adam", lr=1e-4, betas=(0.9, 0.999)),
        clip_grad=dict(max_norm=50.0),  # released code
    ),
)
# Sec. 4.1: 100 joint epochs at a constant rate, then the rate of the SR model falls linearly to zero over another 100.
param_scheduler = dict(
    generators=[],
    discriminators=[],
    sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=106 / 206)],
)
train_cfg = dict(
    type="ResumableTrainLoop",
    max_iters=206 * _epoch,
    val_interval=5 * _epoch,  # released code
)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(
        type="StageHook",
        stages=[
            dict(name="translation", iters=5 * _epoch),  # released code; Sec. 4.1: "a few epochs"
            dict(name="sr", iters=1 * _epoch),  # released code; Sec. 4.1: "a few epochs"
            dict(name="joint"),
        ],
    ),
]
randomness = dict(seed=0)
