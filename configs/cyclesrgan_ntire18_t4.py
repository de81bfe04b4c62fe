# CycleSRGAN of Table 4 on Track 4 of NTIRE 2018 (wild), x4: cyclesrgan_ntire18_t2 with other data.
_base_ = "cyclesrgan_ntire18_t2.py"

train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_LR_wild"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_wild"))
