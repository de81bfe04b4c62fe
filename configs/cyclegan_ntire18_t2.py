# CycleGAN of Table 1 on Track 2 of NTIRE 2018 (mild), x4: cyclegan_ntire17_t2 with other data.
_base_ = "cyclegan_ntire17_t2.py"

train_dataloader = dict(dataset=dict(real="data/DIV2K/DIV2K_train_LR_mild"))
val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_mild"))
val_evaluator = dict(protocol="ntire18")
