# CycleGAN of Table 1 on Track 2 of NTIRE 2017, x4: cyclesr_ntire17_t2, only a CycleGAN between enlarged LR and HR.
# The paper does not say how long: here, as many steps as CycleSR.
_base_ = "cyclesr_ntire17_t2.py"

model = dict(
    _delete_=True,
    type="CycleGANSR",
    sr=dict(type="Upscaled", network=_base_.model.translator.generator),  # Sec. 4.2: "LR images are first upsampled"
    translator=_base_.model.translator,
    channels_last="auto",
)
train_dataloader = dict(batch_size=1, dataset=dict(crop=64))  # CycleGAN: images of 256 px
optim_wrapper = {key: value for key, value in _base_.optim_wrapper.items() if key != "sr"}  # is one of the generators
optim_wrapper["_delete_"] = True
custom_hooks = []
_decay = [dict(type="LinearDecayLR", by_epoch=False, decay_from=0.5)]  # CycleGAN
param_scheduler = dict(_delete_=True, generators=_decay, discriminators=_decay)
