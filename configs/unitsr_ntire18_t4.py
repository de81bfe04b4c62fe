# UNITSR (UNIT + SRResNet) on Track 4 of NTIRE 2018: wild degradation, x4.
# Beside each number: where it comes from. "Sec. n" is the paper; "released code" is what its authors' group published.
# Images of DIV2K, batches and optimizers are those of all trainings of the paper: _base_/paper.py.
_base_ = "_base_/paper.py"

scale = 4  # degradation, SR network, data and metric follow
_epoch = 1018  # iterations: 400 HR images are 16.3k sub-images of 480 px (released code), batch 16

model = dict(
    type="CollaborativeSR",
    degradation=dict(type="Bicubic"),  # Sec. 3.1
    translator=dict(
        type="UNIT",  # sizes and weights of UNIT's released code; the paper leaves them unchanged
        reconstruction_weight=10.0,  # UNIT, released code
        cycle_weight=10.0,  # UNIT, released code
        kl_weight=0.01,  # UNIT, released code
        cycle_kl_weight=0.01,  # UNIT, released code
        shared_layers=0,  # UNIT, released code; 1 as in UNIT's paper
    ),
    sr=dict(type="SRResNet", channels=64, num_blocks=16, norm="batch"),  # Sec. 4.1: "the original SRResNet"
    sr_loss=dict(type="MSELoss", weight=100.0),  # Sec. 4.1: lambda_mse = lambda_Trans^SR
    feedback_weight=100.0,  # Sec. 4.1
    optimisation="joint",  # equal to alternating for this loss (Sec. 3.4), with one pass of the SR network
    channels_last="auto",
)
train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_LR_wild"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_wild"))
val_evaluator = dict(protocol="ntire18")

_weight_decay = dict(optimizer=dict(weight_decay=1e-4))  # UNIT, released code
optim_wrapper = dict(generators=_weight_decay, discriminators=_weight_decay)
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
