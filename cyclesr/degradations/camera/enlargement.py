"""Whether images were enlarged before, and by how much they can be reduced without a loss of detail."""

from collections import Counter
from dataclasses import dataclass

from cyclesr.degradations.camera.measurement import CameraMeasurement
from cyclesr.degradations.camera.sharpness import Sharpness

_NYQUIST = 0.5  # cycles per pixel
_LEAST, _MOST = 2, 4  # factors found without traces; cameras that did not enlarge have detail up to 0.3 cycles or more
_FULL = 0.49  # cycles per pixel: an image with detail up to here was not enlarged
_BY_THREE = 1.85  # a period of 3 belongs to an enlargement by 1.5 if detail ends at a higher share of the frequencies
_MOST_IMAGES = 0.5  # share of images with traces: a few have them by chance


@dataclass(frozen=True)
class Enlargement:
    """What speaks for an enlargement.

    Attributes:
        factor: by which the images can be reduced without a loss of detail: 1.5, 2, 3 or 4; 1 if they were not
            enlarged.
        traces: number of images whose pixels show traces of interpolation; 0 if these are too few to count.
    """

    factor: float
    traces: int


def find_enlargement(camera: CameraMeasurement, sharpness: Sharpness) -> Enlargement:
    """Finds an enlargement by the traces of interpolation in the pixels, or else by the frequency at which detail ends.

    A compression after the enlargement hides the traces. Strong blur looks like an enlargement without traces, and can
    be reduced in the same way.
    """
    factor = _NYQUIST / max(sharpness.limit, 0.02)
    periods = Counter(image.resampling_period for image in camera.images if image.resampling_period)
    traces = periods.total()
    if traces > _MOST_IMAGES * len(camera.images) and sharpness.limit < _FULL:
        period = periods.most_common(1)[0][0]
        return Enlargement(1.5 if period == 3 and factor < _BY_THREE else float(period), traces)
    return Enlargement(float(min(int(factor), _MOST)) if factor >= _LEAST else 1.0, 0)
