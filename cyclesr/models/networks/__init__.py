"""Modules shared by several methods: generators, discriminators, feature extractors, norms and initialisation."""

from cyclesr.models.networks.flat_generator import FlatGenerator
from cyclesr.models.networks.hourglass import Hourglass
from cyclesr.models.networks.imagenet_features import ImageNetFeatures
from cyclesr.models.networks.multiscale_discriminator import MultiScaleDiscriminator
from cyclesr.models.networks.patch_discriminator import PatchDiscriminator
from cyclesr.models.networks.plain_discriminator import PlainDiscriminator
from cyclesr.models.networks.resnet_generator import ResNetGenerator
from cyclesr.models.networks.unet_discriminator import UNetDiscriminator
from cyclesr.models.networks.vgg_discriminator import VGGDiscriminator

__all__ = [
    "FlatGenerator",
    "Hourglass",
    "ImageNetFeatures",
    "MultiScaleDiscriminator",
    "PatchDiscriminator",
    "PlainDiscriminator",
    "ResNetGenerator",
    "UNetDiscriminator",
    "VGGDiscriminator",
]
