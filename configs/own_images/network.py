# Your own images, their degradation learnt by a network (CycleSR): demo/cyclesr_track with two options against noise.
#   cyclesr train own_images/network --hr SHARP_DIR --real YOUR_DIR
# SHARP_DIR holds sharp images of any scenes, YOUR_DIR the images that the SR network is for. --scale N makes them N
# times as large. Your own held-out pairs are for validation: --val-hr DIR --val-lr DIR. A quarter of an hour on two CPU
# cores; sizes for a GPU: own_images/network_gpu. It can learn what own_images/blur_noise cannot express (sharpening,
# compression), but it can also drift: docs/drift.md.
_base_ = "../demo/cyclesr_track.py"

model = dict(
    translator=dict(
        # Against noise: 0.38 and 0.17 dB more on the tracks mild and wild, 0.05 dB less on unknown, measured without
        # the lock (docs/results/analysis.md).
        noise_channels=3,  # G1 sees three channels of fresh noise
        real_low_pass=5,  # L1 on real images compares means over 5x5 pixels: it does not punish fresh noise
    ),
    # For the SR network, noise that grows with contrast: without it, CycleSR was no better than bicubic pairs on a real
    # phone, with it 0.8 dB better (docs/results/real_photographs.md).
    unexplained=dict(level=(1.0, 1.0), texture=0.3),
)
train_dataloader = dict(dataset=dict(hr="SHARP_DIR", real="YOUR_DIR"))
val_dataloader = dict(dataset=dict(hr="VAL_HR_DIR", lr="VAL_LR_DIR"))
