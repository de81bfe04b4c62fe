# UNITSR on Track 2 of NTIRE 2018 (mild), x4: unitsr_ntire18_t4 with other data.
_base_ = "unitsr_ntire18_t4.py"

train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_LR_mild"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_mild"))
