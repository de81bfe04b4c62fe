# *Bulat et al. of Table 1 on Track 2 of NTIRE 2017, x4: cyclesr_ntire17_t2 with another translator.
_base_ = "cyclesr_ntire17_t2.py"

model = dict(
    translator=dict(
        _delete_=True,
        type="Bulat",
        generator=dict(channels=64, num_blocks=9),  # Sec. 4.2: "a branch of CycleGAN", modified; its sizes
        discriminator=dict(channels=64, num_layers=3),  # CycleGAN: 70x70 PatchGAN
        noise_channels=1,
        adversarial="lsgan",  # CycleGAN
        pixel_weight=20.0,  # this project's choice: the paper tuned it and does not give it
        pool_size=50,  # CycleGAN
    ),
)
