# What the paper's trainings share: DIV2K, batches and optimizers.
# Beside each number: where it comes from. "Sec. n" is the paper; "released code" is what its authors' group published.
_base_ = "training.py"

train_dataloader = dict(
    batch_size=16,  # released code: 16 in v0.9.3, 64 later; 16 fits a GPU of 24 GB
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    dataset=dict(
        hr="data/DIV2K/DIV2K_train_HR",
        hr_range=(1, 400),  # Sec. 4.1: the first 400 HR images
        real_range=(401, 800),  # Sec. 4.1: the other 400, of LR
        crop=120,  # released code: 480 / 120 sub-images
        augment="hr_flips",  # released code: flips of HR only, and no turns
    ),
)
val_dataloader = dict(num_workers=2, dataset=dict(hr="data/DIV2K/DIV2K_valid_HR"))

# Sec. 4.1: Adam, betas 0.9 and 0.999, 2e-4 for the translator, 1e-4 for the SR network. Clipping: released code.
_clip = dict(max_norm=50.0)
_translator = dict(optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999)), clip_grad=_clip)
_sr = dict(optimizer=dict(type="Adam", lr=1e-4, betas=(0.9, 0.999)), clip_grad=_clip)
optim_wrapper = dict(generators=_translator, discriminators=_translator, sr=_sr)
