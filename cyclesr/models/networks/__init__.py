"""Bricks that translators and SR networks share: generators, discriminators, norms, upsampling."""

from cyclesr.models.networks.content_discriminator import ContentDiscriminator
from cyclesr.models.networks.disentangled import DisentangledGenerator
from cyclesr.models.networks.flat_generator import FlatGenerator
from cyclesr.models.networks.high_to_low import HighToLow
from cyclesr.models.networks.hourglass import Hourglass
from cyclesr.models.networks.imagenet_features import ImageNetFeatures
from cyclesr.models.networks.learnt_blur import GaussianBlur
from cyclesr.models.networks.learnt_noise import LearntNoise
from cyclesr.models.networks.multiscale_discriminator import MultiScaleDiscriminator
from cyclesr.models.networks.patch_discriminator import PatchDiscriminator
from cyclesr.models.networks.plain_discriminator import PlainDiscriminator
from cyclesr.models.networks.resnet_generator import ResNetGenerator
from cyclesr.models.networks.vgg_discriminator import VGGDiscriminator

__all__ = [
    "ContentDiscriminator",
    "DisentangledGenerator",
    "FlatGenerator",
    "GaussianBlur",
    "HighToLow",
    "Hourglass",
    "ImageNetFeatures",
    "LearntNoise",
    "MultiScaleDiscriminator",
    "PatchDiscriminator",
    "PlainDiscriminator",
    "ResNetGenerator",
    "VGGDiscriminator",
]
