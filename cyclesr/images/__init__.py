"""Image files: reading, writing, streaming and colour profiles."""

from cyclesr.images.contents import Contents
from cyclesr.images.listing import SUFFIXES, image_names, list_images
from cyclesr.images.reading import Picture, describe_image, image_size, read_image, read_picture
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import write_image

__all__ = [
    "SUFFIXES",
    "Contents",
    "Picture",
    "describe_image",
    "image_names",
    "image_size",
    "list_images",
    "read_image",
    "read_picture",
    "to_array",
    "to_tensor",
    "write_image",
]
