# RRDBNet trained for PSNR on degraded pairs of NTIRE 2020, x4: sr_paired_ntire17_t2 with ESRGAN's network and settings.
# ESRGAN begins with it (ntire20_esrgan).
# Beside each number: where it comes from. "ESRGAN" is its paper (Wang et al. 2018), "BasicSR" its released code.
# Pairs first: cyclesr degrade CHECKPOINT data/NTIRE2020/Corrupted-tr-y data/NTIRE2020/degraded \
#     --hr-out data/NTIRE2020/hr
_base_ = "sr_paired_ntire17_t2.py"

_data = "data/NTIRE2020"
model = dict(
    sr=dict(_delete_=True, type="RRDBNet", channels=64, num_blocks=23, growth=32),  # ESRGAN
    sr_loss=dict(type="L1Loss", weight=1.0),  # ESRGAN
)
# ESRGAN: batches of 16, HR patches of 128 px
train_dataloader = dict(dataset=dict(lr=_data + "/degraded", hr=_data + "/hr", crop=32, augment=True))
val_dataloader = dict(dataset=dict(lr=_data + "/valid/lr", hr=_data + "/valid/hr"))
val_evaluator = dict(protocol="ntire20")
optim_wrapper = dict(sr=dict(_delete_=True, optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999))))  # ESRGAN
_milestones = [200_000, 400_000, 600_000, 800_000]  # ESRGAN: the rate is halved every 200k updates
param_scheduler = dict(sr=[dict(type="MultiStepLR", by_epoch=False, milestones=_milestones, gamma=0.5)])
train_cfg = dict(max_iters=1_000_000, val_interval=5000)  # BasicSR
