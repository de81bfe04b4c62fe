# Table 3, "Separated": the translator trains, then the SR network on its fixed output; Track 2 of NTIRE 2017.
# Beside each number: where it comes from. "Sec. n" is the paper; "released code" is what its authors' group published.
_base_ = "../_base_/runtime.py"

_data = "data/DIV2K"
_epoch = 1018  # iterations: 400 HR images are 16.3k sub-images of 480 px (released code), batch 16

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic", scale=4),  # Sec. 3.1
    translator=dict(
        type="CycleGAN",  # Sec. 4.1: its hyper-parameters "remain unchanged as they originally are"
        generator=dict(channels=64, num_blocks=9, num_down=2),  # CycleGAN
        discriminator=dict(channels=64, num_layers=3),  # CycleGAN: 70x70 PatchGAN
        adversarial="lsgan",  # CycleGAN
        cycle_weight=10.0,  # CycleGAN
        identity_weight=5.0,  # CycleGAN: 0.5 * 10
        pool_size=50,  # CycleGAN
    ),
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
        type="UnpairedDataset",
        hr=_data + "/DIV2K_train_HR",
        real=_data + "/DIV2K_train_LR_unknown/X4",
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
# As in CycleSR, the rate of the SR model falls linearly to zero over the last 100 epochs (Sec. 4.1).
param_scheduler = dict(
    generators=[],
    discriminators=[],
    sr=[dict(type="LinearDecayLR", by_epoch=False, decay_from=306 / 406)],
)
train_cfg = dict(
    type="ResumableTrainLoop",
    max_iters=406 * _epoch,
    val_interval=5 * _epoch,  # released code
)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
custom_hooks = [
    dict(
        type="StageHook",
        # Sec. 4.3: "trained with a fixed pre-trained translation module". The paper does not say how long: here each
        # part gets as many steps as in CycleSR.
        stages=[
            dict(name="translation", iters=205 * _epoch),
            dict(name="sr_on_fake"),
        ],
    ),
]
randomness = dict(seed=0)
