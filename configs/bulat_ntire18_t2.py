# Bulat et al. of Table 1 on Track 2 of NTIRE 2018 (mild), x4: bulat_ntire17_t2 with other data and SRResNet.
_base_ = "bulat_ntire17_t2.py"

# SR network: Sec. 4.1: "the original SRResNet". Weight: Sec. 4.2: "only pixel loss"; its weight as for CycleSR.
model = dict(sr=dict(type="SRResNet", num_blocks=16), sr_loss=dict(weight=100.0))
train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_LR_mild"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_mild"))
val_evaluator = dict(protocol="ntire18")
