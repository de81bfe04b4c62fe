"""Transparency: dividing colours by alpha, and giving invisible pixels the colour of what is beside them."""

import cv2
import numpy as np


def straight(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Divides colours that are stored multiplied by alpha.

    Args:
        colours: ``(H, W, bands)`` in uint8 or uint16.
        alpha: ``(H, W)`` in the same dtype.

    Returns:
        The colours in the same dtype, rounded; 0 where alpha is 0.
    """
    white = np.iinfo(colours.dtype).max
    divisor = np.maximum(alpha, 1).astype(np.float32)[..., None]
    divided = np.minimum(np.floor(colours * (np.float32(white) / divisor) + 0.5), white)
    return np.where(alpha[..., None] > 0, divided, 0).astype(colours.dtype)


def bleed(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Gives each pixel of alpha 0 the colour of the nearest visible pixel.

    What such pixels store is arbitrary, usually black. A network would enlarge it as an edge and draw a ring around
    what is visible.

    Args:
        colours: ``(H, W, bands)``.
        alpha: ``(H, W)``.

    Returns:
        The colours; the argument itself if no pixel is invisible, or all are.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return colours
    _, labels = cv2.distanceTransformWithLabels(hidden.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    visible = np.flatnonzero(~hidden)
    nearest = np.zeros(labels.max() + 1, np.int64)
    nearest[labels.reshape(-1)[visible]] = visible
    return colours.reshape(-1, colours.shape[2])[nearest[labels]]
