# A learnt free-form kernel (KernelGAN's deep linear network and penalties) and noise level: probabilistic_track with
# another blur. Unlike a Gaussian, the kernel can sharpen and have any form.
_base_ = "probabilistic_track.py"

model = dict(translator=dict(blur=dict(_delete_=True, type="DeepLinearBlur")))
