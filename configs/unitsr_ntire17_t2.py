# UNITSR on Track 2 of NTIRE 2017 (unknown downscaling), x4: unitsr_ntire18_t4 with other data and VDSR.
_base_ = "unitsr_ntire18_t4.py"

# SR network: Sec. 4.1: "a modified VDSR"; sizes: released code. Weights: Sec. 4.1, lambda_mse = lambda_Trans^SR.
model = dict(sr=dict(type="VDSR", num_blocks=20), sr_loss=dict(weight=1000.0), feedback_weight=1000.0)
train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_LR_unknown/X4"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_unknown/X4"))
val_evaluator = dict(protocol="ntire17")
