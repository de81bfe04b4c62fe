# SR_syn of Table 1 on Track 4 of NTIRE 2018 (wild), x4: sr_syn_ntire18_t2 with other data.
_base_ = "sr_syn_ntire18_t2.py"

val_dataloader = dict(dataset=dict(lr="data/DIV2K/DIV2K_valid_LR_wild"))
