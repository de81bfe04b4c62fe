# CycleSR (CycleGAN + VDSR) on Track 2 of NTIRE 2017: unknown downscaling, x4.
# Beside each number: where it comes from. "Sec. n" is the paper; "released code" is what its authors' group published.
# Images of DIV2K, batches and optimizers are those of all trainings of the paper: _base_/paper.py.
_base_ = "_base_/paper.py"

scale = 4  # degradation, SR network, data and metric follow
_epoch = 1018  # iterations: 400 HR images are 16.3k sub-images of 480 px (released code), batch 16

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic"),  # Sec. 3.1
    translator=dict(
        type="CycleGAN",  # Sec. 4.1: its hyper-parameters "remain unchanged as they originally are"
        generator=dict(channels=64, num_blocks=9, num_down=2),  # CycleGAN
        discriminator=dict(channels=64, num_layers=3),  # CycleGAN: 70x70 PatchGAN
        adversarial="lsgan",  # CycleGAN
        cycle_weight=10.0,  # CycleGAN
        identity_weight=5.0,  # CycleGAN: 0.5 * 10
        pool_size=50,  # CycleGAN
    ),
    # Sec. 4.1: "a modified VDSR"; sizes: released code
    sr=dict(type="VDSR", channels=64, num_blocks=20, norm="batch"),
    sr_loss=dict(type="MSELoss", weight=1000.0),  # Sec. 4.1: lambda_mse = lambda_Trans^SR
    feedback_weight=1000.0,  # Sec. 4.1
    optimisation="joint",  # equal to alternating for this loss (Sec. 3.4), with one pass of the SR network
    channels_last="auto",
)
train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_LR_unknown/X4"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_unknown/X4"))
val_evaluator = dict(protocol="ntire17")

_stages = [
    dict(name="translation", iters=5 * _epoch),  # released code; Sec. 4.1: "a few epochs"
    dict(name="sr", iters=1 * _epoch),  # released code; Sec. 4.1: "a few epochs"
    dict(name="joint"),
]
custom_hooks = [dict(type="StageHook", stages=_stages)]
# Sec. 4.1: 100 joint epochs at a constant rate, then the rate of the SR model falls linearly to zero over another 100.
train_cfg = dict(max_iters=206 * _epoch, val_interval=5 * _epoch)  # validation: released code
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=106 / 206)]
param_scheduler = dict(generators=[], discriminators=[], sr=_decay)
