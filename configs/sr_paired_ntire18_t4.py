# SR_paired of Table 1 on Track 4 of NTIRE 2018 (wild), x4: sr_paired_ntire18_t2 with other data.
# Pairs first: cyclesr prepare align --lr data/DIV2K/DIV2K_train_LR_wild \
#     --hr data/DIV2K/DIV2K_train_HR --out data/DIV2K/aligned_wild --workers 8
_base_ = "sr_paired_ntire18_t2.py"

# Sec. 4.2: "We first preprocess these pairs to achieve alignment"; "original paired data", read as all that align
train_dataloader = dict(dataset=dict(lr="data/DIV2K/aligned_wild/lr", hr="data/DIV2K/aligned_wild/hr"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_wild"))
