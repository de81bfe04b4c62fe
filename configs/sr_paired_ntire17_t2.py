# SR_paired of Table 1 on Track 2 of NTIRE 2017, x4: sr_syn_ntire17_t2 trained on true pairs.
_base_ = "sr_syn_ntire17_t2.py"

model = dict(_delete_=True, **{key: value for key, value in _base_.model.items() if key != "degradation"})
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="PairedDataset",
        lr="data/DIV2K/DIV2K_train_LR_unknown/X4",  # Sec. 4.2: only the mild and wild pairs need alignment
        hr="data/DIV2K/DIV2K_train_HR",  # Sec. 4.2: "original paired data", read as all 800 pairs
        crop=_base_.train_dataloader.dataset.crop,
        augment=False,  # a turned pair would show a turned degradation
    ),
)
