"""Named evaluation protocols, which define exactly how an SR image is compared with its HR image."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cyclesr.errors import UserError, did_you_mean
from cyclesr.metrics.columns import Column
from cyclesr.metrics.lpips import Lpips
from cyclesr.metrics.pixels import Image, check_same_size, crop_border, to_luma, to_planes
from cyclesr.metrics.psnr import to_decibel
from cyclesr.metrics.shift_search import best_shift
from cyclesr.metrics.ssim import mean_ssim
from cyclesr.plugins import load_plugins


@dataclass(frozen=True)
class Shift:
    """A best-shift search.

    Attributes:
        reach: maximum shift in pixels in each direction.
        search_in: image in which the window is searched, ``sr`` or ``hr``; the window is taken from the other image.
        centre: side of the central window in pixels; None is the whole image without ``reach`` pixels on each side.
        gain: whether to equalise the mean brightness of each window before comparing.
        ssim_step: step, in pixels, of a separate search for the best SSIM; None computes SSIM at the shift with the
            best PSNR.
    """

    reach: int
    search_in: str = "sr"
    centre: int | None = None
    gain: bool = False
    ssim_step: int | None = None


@dataclass(frozen=True)
class Protocol:
    """Definition of how images are scored.

    Attributes:
        name: name in configs and tables.
        source: source of the definition, one line.
        border: number of pixels to crop from every side.
        multiple: crops the bottom and the right to multiples of this number first.
        rounded: whether to round the images to 8 bits; otherwise the SR image is only clamped to [0, 1].
        luma: scores Y instead of RGB: None (RGB), ``float``, or ``rounded`` to integers as MATLAB does for uint8.
        ssim: window of the SSIM, a key of :data:`cyclesr.metrics.ssim.WINDOWS`.
        shift: best-shift search, or None.
        lpips: whether the protocol includes LPIPS.
    """

    name: str
    source: str
    border: int = 0
    multiple: int = 1
    rounded: bool = True
    luma: str | None = None
    ssim: str = "wang"
    shift: Shift | None = None
    lpips: bool = False

    def score(
        self,
        sr: Image,
        hr: Image,
        lpips: Lpips | None = None,
        subpixel: bool = False,
        columns: Mapping[str, Column] | None = None,
    ) -> dict[str, float]:
        """Scores one pair of images.

        Args:
            sr: array ``(H, W, 3)`` or tensor ``(3, H, W)``, see :func:`cyclesr.metrics.pixels.to_planes`.
            hr: image of the same size.
            lpips: LPIPS, computed on the RGB pixels of the crop (or of the best shift) on which PSNR is computed; None
                omits it.
            subpixel: whether to add ``psnr_subpixel``, if the protocol has a shift search.
            columns: further scores on the same RGB pixels as LPIPS, see
                :func:`cyclesr.metrics.columns.load_columns`.

        Returns:
            ``psnr`` in dB and ``ssim``; with a shift search also ``shift_y`` and ``shift_x``, the shift in pixels of
            the content of the searched image against that of the other; and the further scores. All are NaN if the SR
            image has values that are not finite.

        Raises:
            UserError: the sizes differ, or the images are too small for the protocol.
        """
        others = {} if lpips is None else {"lpips": lpips.of_planes}
        others |= columns or {}
        if not to_planes(sr, rounded=False).isfinite().all():
            return dict.fromkeys([*self._own_columns(subpixel), *others], math.nan)
        pair = self._prepare(sr, hr)
        scores = self._aligned_scores(*pair) if self.shift is None else self._best_scores(*pair, subpixel)
        if others:
            pixels = self._rgb_at(scores, sr, hr)
            scores |= {name: column(*pixels) for name, column in others.items()}
        return scores

    def _own_columns(self, subpixel: bool) -> list[str]:
        moved = ["shift_y", "shift_x", *(["psnr_subpixel"] if subpixel else [])] if self.shift else []
        return ["psnr", "ssim", *moved]

    def _prepare(self, sr: Image, hr: Image) -> tuple[Tensor, Tensor]:
        first, second = self._crop(sr, hr)
        return (first, second) if self.luma is None else (self._luma(first), self._luma(second))

    def _crop(self, sr: Image, hr: Image) -> tuple[Tensor, Tensor]:
        first, second = to_planes(sr, self.rounded).clamp(0, 255), to_planes(hr, self.rounded)
        check_same_size(first, second)
        height, width = (n - n % self.multiple for n in first.shape[-2:])
        return tuple(crop_border(p[:, :height, :width], self.border) for p in (first, second))  # type: ignore[return-value]

    def _luma(self, rgb: Tensor) -> Tensor:
        return to_luma(rgb, rounded=self.luma == "rounded")

    def _aligned_scores(self, sr: Tensor, hr: Tensor) -> dict[str, float]:
        return {
            "psnr": to_decibel((sr - hr).square().mean().item()),
            "ssim": float(mean_ssim(sr, hr, self.ssim)),
        }

    def _best_scores(self, sr: Tensor, hr: Tensor, subpixel: bool) -> dict[str, float]:
        assert self.shift is not None
        fixed, searched = _window_and_surroundings(sr, hr, self.shift)
        best = best_shift(fixed, searched, gain=self.shift.gain, subpixel=subpixel)
        step = self.shift.ssim_step
        structure = float(mean_ssim(best.window, fixed, self.ssim))
        if step is not None:
            structure = _best_ssim(fixed, searched, self.shift.reach, step, self.ssim)
        scores = {"psnr": best.psnr, "ssim": structure, "shift_y": float(best.dy), "shift_x": float(best.dx)}
        return scores if best.psnr_subpixel is None else scores | {"psnr_subpixel": best.psnr_subpixel}

    def _rgb_at(self, scores: dict[str, float], sr: Image, hr: Image) -> tuple[Tensor, Tensor]:
        """Returns the RGB pixels of SR and HR on which PSNR was computed."""
        first, second = self._crop(sr, hr)
        if self.shift is None:
            return first, second
        fixed, searched = _window_and_surroundings(first, second, self.shift)
        top, left = (int(scores[key]) + self.shift.reach for key in ("shift_y", "shift_x"))
        height, width = fixed.shape[-2:]
        window = searched[:, top : top + height, left : left + width]
        return (window, fixed) if self.shift.search_in == "sr" else (fixed, window)


def _window_and_surroundings(sr: Tensor, hr: Tensor, shift: Shift) -> tuple[Tensor, Tensor]:
    """Returns the fixed window, and the part of the other image in which it is searched."""
    still, moving = (hr, sr) if shift.search_in == "sr" else (sr, hr)
    height, width = still.shape[-2:]
    if shift.centre is None:
        return crop_border(still, shift.reach), moving
    half = shift.centre // 2
    if min(height, width) < shift.centre + 2 * shift.reach:
        raise UserError(
            f"An image of {width}x{height} (after the border crop) is too small for a window of {shift.centre} pixels "
            f"and shifts of {shift.reach}: choose another --protocol."
        )
    top, left = height // 2 - half, width // 2 - half
    around = moving[:, top - shift.reach : top + half + half + shift.reach, left - shift.reach :]
    return still[:, top : top + 2 * half, left : left + 2 * half], around[..., : 2 * (half + shift.reach)]


def _best_ssim(fixed: Tensor, searched: Tensor, reach: int, step: int, window: str) -> float:
    """Returns the largest SSIM over the shifts that are multiples of ``step`` in both directions."""
    height, width = fixed.shape[-2:]
    starts = range(reach % step, 2 * reach + 1, step)
    best = -1.0
    for top in starts:  # one row of shifts at a time limits the memory
        row = torch.stack([searched[:, top : top + height, left : left + width] for left in starts])
        best = max(best, float(mean_ssim(row, fixed[None], window).max()))
    return best


PROTOCOLS: dict[str, Callable[[int], Protocol]] = {}


def register_protocol(make: Callable[[int], Protocol]) -> Callable[[int], Protocol]:
    """Registers a function from the scale to a :class:`Protocol` under the function's name; for plugins, too."""
    PROTOCOLS[make.__name__] = make
    return make


def get_protocol(name: str, scale: int = 4) -> Protocol:
    """Returns a protocol by name.

    Args:
        name: a key of :data:`PROTOCOLS`.
        scale: scale of the SR network, on which some borders depend.

    Raises:
        UserError: the protocol is unknown. The message names the most similar ones.
    """
    if name not in PROTOCOLS:
        load_plugins()
    if name not in PROTOCOLS:
        known = ", ".join(sorted(PROTOCOLS))
        raise UserError(f"There is no protocol {name!r}.{did_you_mean(name, PROTOCOLS)} Registered protocols: {known}.")
    return PROTOCOLS[name](scale)


@register_protocol
def plain(scale: int) -> Protocol:
    """Compares the whole RGB image in 8 bits, without border crop. Source: this project; the default of the demo."""
    return Protocol("plain", "this project: whole RGB image, 8 bits, no border crop")


@register_protocol
def ntire17(scale: int) -> Protocol:
    """Scores as NTIRE 2017: RGB, border 6 + scale, Wang's SSIM per channel, no shift search.

    Source: the challenge's MATLAB functions NTIRE_PeakSNR_imgs and NTIRE_SSIM_imgs.
    """
    return Protocol("ntire17", "NTIRE 2017 challenge, NTIRE_PeakSNR_imgs.m and NTIRE_SSIM_imgs.m", border=6 + scale)


@register_protocol
def ntire18(scale: int) -> Protocol:
    """Scores as NTIRE 2018 tracks 2 to 4: the central 60x60 RGB window of HR, searched in SR within ±40.

    PSNR has a brightness gain. SSIM, with a 13-tap window and without gain, is maximised separately over the even
    shifts. Source: the challenge's scoring program in its corrected version (the first version missed half of the
    shifts).
    """
    return Protocol(
        "ntire18",
        "NTIRE 2018 challenge, tracks 2-4, corrected scoring program evaluation.py / myssim.py",
        border=6 + scale,
        multiple=scale,
        ssim="ntire18",
        shift=Shift(reach=40, centre=60, gain=True, ssim_step=2),
    )


@register_protocol
def cyclesr(scale: int) -> Protocol:
    """Scores as the authors' released code: RGB, unrounded SR without its border of 10 px, searched in HR within ±10.

    Source: huawei-noah/vega, cyclesr/utils.py, find_best_PSNR with val_ps_offset 10. Differs from it: SSIM is added, at
    the shift with the best PSNR.
    """
    return Protocol(
        "cyclesr",
        "authors' release: huawei-noah/vega, find_best_PSNR, val_ps_offset 10",
        rounded=False,
        shift=Shift(reach=10, search_in="hr"),
    )


@register_protocol
def cyclesr_y(scale: int) -> Protocol:
    """Scores as ``cyclesr``, but on luma (BT.601 studio range, unrounded).

    The paper's values suggest luma, whereas the released code scores RGB. Source: as ``cyclesr``; the colour space is
    this project's interpretation of Table 1.
    """
    return Protocol(
        "cyclesr_y",
        "as cyclesr, on BT.601 Y (this project's reading of the paper's Table 1)",
        rounded=False,
        luma="float",
        shift=Shift(reach=10, search_in="hr"),
    )


@register_protocol
def shift40(scale: int) -> Protocol:
    """Scores the whole image with NTIRE 2018's range of shifts: HR without its border of 40 px, searched in SR.

    There is no brightness gain. Wang's SSIM is computed at the shift with the best PSNR. Source: this project, based on
    ``ntire18``.
    """
    return Protocol("shift40", "this project: whole RGB image, best of +-40 px", shift=Shift(reach=40))


@register_protocol
def ntire20(scale: int) -> Protocol:
    """Scores as NTIRE 2020 and AIM 2019 real-world SR: whole RGB image, scikit-image's default SSIM, LPIPS alex v0.1.

    Source: evaluation code of the organisers' group (volflow/DeFlow MeasureLib, andreas128/SRFlow Measure.py).
    """
    return Protocol(
        "ntire20",
        "NTIRE 2020 real-world SR, organisers' group: DeFlow MeasureLib, SRFlow Measure.py",
        ssim="uniform7",
        lpips=True,
    )


@register_protocol
def classic_y(scale: int) -> Protocol:
    """Scores as tables on Set5: Y rounded to integers, as MATLAB's rgb2ycbcr does for uint8, border = scale.

    Source: SelfExSR (jbhuang0604), whose bicubic results it reproduces (Set5 x4: 28.42 dB / 0.8101).
    """
    return Protocol("classic_y", "SelfExSR: MATLAB rgb2ycbcr on uint8, border = scale", border=scale, luma="rounded")
