# SR_paired of Table 1 on Track 2 of NTIRE 2018 (mild), x4: sr_paired_ntire17_t2 with other data and SRResNet.
# Pairs first: cyclesr prepare align --lr data/DIV2K/DIV2K_train_LR_mild \
#     --hr data/DIV2K/DIV2K_train_HR --out data/DIV2K/aligned_mild --workers 8
_base_ = "sr_paired_ntire17_t2.py"

# SR network: Sec. 4.1: "the original SRResNet". Weight: as for CycleSR: with clipped gradients the weight matters.
model = dict(sr=dict(type="SRResNet", num_blocks=16), sr_loss=dict(weight=100.0))
# Sec. 4.2: "We first preprocess these pairs to achieve alignment"; "original paired data", read as all that align
train_dataloader = dict(dataset=dict(lr="data/DIV2K/aligned_mild/lr", hr="data/DIV2K/aligned_mild/hr"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_mild"))
val_evaluator = dict(protocol="ntire18")
