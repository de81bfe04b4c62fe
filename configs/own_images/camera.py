# Your own images, their degradation measured instead of learned: own_images/blur_noise with CameraDegradation.
#   cyclesr train own_images/camera --hr SHARP_DIR --real YOUR_DIR --scale 2
# Training first measures sharpness and noise of YOUR_DIR, in seconds. Unlike a blur, what it measures may sharpen, as
# phones and DSLRs do. Options (JPEG, noise from your images, ...): docs/real_cameras.md.
_base_ = "blur_noise.py"

# Each crop gets kernel and noise of one of your images. The two levels of further noise: docs/real_cameras.md.
_noise = dict(unexplained=(1.0, 1.0), texture=0.3)
model = dict(translator=dict(_delete_=True, type="CameraDegradation", per_image=True, **_noise))
# The kernels have no direction; they reach 7 pixels, those of bicubic reduction 2.
train_dataloader = dict(dataset=dict(augment=True, margin=9))
custom_hooks = [dict(type="StageHook", stages=[dict(name="joint")])]  # nothing to learn before the SR network
