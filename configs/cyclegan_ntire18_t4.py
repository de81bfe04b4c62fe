# CycleGAN of Table 1 (a CycleGAN between bicubic-upscaled LR and HR) on
# Track 4 of NTIRE 2018: wild degradation, x4.
# Beside each number: where it comes from. "Sec. n" is the paper; "released code" is what its authors' group published.
# The paper does not say how long: here, as many steps as CycleSR.
_base_ = "_base_/runtime.py"

_data = "data/DIV2K"
_epoch = 1018  # iterations, as for CycleSR

_network = dict(channels=64, num_blocks=9, num_down=2)  # CycleGAN, for images of 256 px

model = dict(
    type="CycleGANSR",
    sr=dict(type="Upscaled", scale=4, network=_network),  # Sec. 4.2: "LR images are first upsampled"
    translator=dict(
        type="CycleGAN",
        generator=_network,
        discriminator=dict(channels=64, num_layers=3),  # CycleGAN: 70x70 PatchGAN
        adversarial="lsgan",  # CycleGAN
        cycle_weight=10.0,  # CycleGAN
        identity_weight=5.0,  # CycleGAN: 0.5 * 10
        pool_size=50,  # CycleGAN
    ),
    channels_last="auto",
)

train_dataloader = dict(
    batch_size=1,  # CycleGAN
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
        crop=64,  # CycleGAN: images of 256 px
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
    # Sec. 4.1: Adam, betas 0.9 and 0.999, 2e-4 for translation; the generators include the SR network
    generators=dict(
        optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999)),
        clip_grad=dict(max_norm=50.0),  # as for CycleSR (released code)
    ),
    discriminators=dict(
        optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999)),
        clip_grad=dict(max_norm=50.0),  # as for CycleSR (released code)
    ),
)
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.5)]  # CycleGAN
param_scheduler = dict(generators=_decay, discriminators=_decay)
train_cfg = dict(
    type="ResumableTrainLoop",
    max_iters=206 * _epoch,
    val_interval=5 * _epoch,  # released code
)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
randomness = dict(seed=0)
