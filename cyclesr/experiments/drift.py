"""How a training went, checkpoint by checkpoint: is G1 still near the true degradation, and what shows it?"""

import statistics
from pathlib import Path

import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.weights import load_weights
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.experiments.comparison import Track, Upscale, degradation_psnr, noise_levels, score
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.metrics.protocols import get_protocol
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.registry import MODELS

Images = list[Tensor]
BANDS = 12


def drift_curve(config: Config, work_dir: Path, track: Track, protocol: str) -> list[dict[str, float]]:
    """Measures every checkpoint of a training.

    Args:
        config: of the training.
        work_dir: with its checkpoints.
        track: with the truth.
        protocol: registered name of what SR is scored under.

    Returns:
        For each checkpoint ``iter``; ``degradation_psnr`` and ``psnr`` (dB), ``noise`` of G1 and ``true_noise`` (levels
        of 255), which need the hidden truth; and the signals that do not: ``consistency`` (dB) and ``spectrum`` (dB),
        see the functions of these names.

    Raises:
        UserError: no checkpoints in the folder, checkpoints of another model, or a model without a translator.
    """
    paths = sorted(work_dir.glob("iter_*.pth"), key=lambda path: int(path.stem.removeprefix("iter_")))
    if not paths:
        raise UserError(f"There are no checkpoints iter_*.pth in {work_dir}: train with --work-dir {work_dir} first.")
    model = MODELS.build(config.model).eval()
    if not isinstance(model, CollaborativeSR):
        raise UserError(f"Drift is that of a CollaborativeSR's translator; the model is a {config.model.type}.")
    degrade = _degradation(model, track.scale)
    scoring = get_protocol(protocol, track.scale)
    real = [to_tensor(read_image(path))[None] for path in list_images(track.real)]
    hr = [to_tensor(read_image(path))[None] for path in list_images(track.hr)]
    complaint = "The weights in {} do not fit the model (give the config and --cfg-options of their training)"
    rows = []
    for path in paths:
        load_weights(model, read_checkpoint(path)["state_dict"], complaint.format(path))
        scores, _ = score(model, track, scoring)
        noise, true_noise = noise_levels(degrade, track)
        rows.append(
            dict(
                iter=int(path.stem.removeprefix("iter_")),
                degradation_psnr=degradation_psnr(degrade, track, from_hr=True),
                psnr=scores["psnr"],
                noise=noise,
                true_noise=true_noise,
                consistency=consistency(model, degrade, real),
                spectrum=spectrum(degrade, hr, real),
            )
        )
    return rows


def _degradation(model: CollaborativeSR, scale: int) -> Upscale:
    """HR -> ``fake_real``, whether G1 takes ``syn`` or HR itself."""
    translator = model.translator
    return lambda hr: translator.degrade(translator.source(imresize(hr, scale=1 / scale).clamp(0, 1), hr))


@torch.no_grad()
def consistency(model: CollaborativeSR, degrade: Upscale, real: Images) -> float:
    """PSNR (dB) of ``degrade(SR(real))`` against ``real``: do degradation and inverse fit the real images?"""
    values = []
    for image in real:
        back = degrade(model(image).clamp(0, 1))
        values.append(-10 * torch.log10((back - image).square().mean()).item())
    return statistics.fmean(values)


@torch.no_grad()
def spectrum(degrade: Upscale, hr: Images, real: Images) -> float:
    """Root mean square difference (dB) of the mean radial power spectra of ``fake_real`` and ``real``; 0 is the same.

    Each image's spectrum is taken relative to its lowest band, so that contrast does not count.
    """
    difference = _mean_spectrum([degrade(image) for image in hr]) - _mean_spectrum(real)
    return difference.square().mean().sqrt().item()


def _mean_spectrum(images: Images) -> Tensor:
    return torch.stack([_radial_spectrum(image) for image in images]).mean(0)


def _radial_spectrum(image: Tensor) -> Tensor:
    """Power in dB in rings of frequency up to Nyquist, relative to the lowest ring: ``(BANDS,)``."""
    gray = image.mean((0, 1))
    window = torch.hann_window(gray.shape[0])[:, None] * torch.hann_window(gray.shape[1])[None]
    power = torch.fft.fft2((gray - gray.mean()) * window).abs().square()
    rows, columns = torch.fft.fftfreq(gray.shape[0])[:, None], torch.fft.fftfreq(gray.shape[1])[None]
    ring = (rows.square() + columns.square()).sqrt().mul(2 * BANDS).long()
    one_hot = F.one_hot(ring.clamp(max=BANDS).flatten(), BANDS + 1).to(power.dtype)
    bands = (one_hot.T @ power.flatten())[:BANDS] / one_hot.sum(0)[:BANDS]
    decibel = 10 * torch.log10(bands + 1e-12)
    return decibel - decibel[0]


def agreement(rows: list[dict[str, float]], signal: str, truth: str) -> float:
    """Spearman's rank correlation of two columns over the checkpoints."""
    ranks = []
    for column in (signal, truth):
        values = torch.tensor([row[column] for row in rows])
        ranks.append(values.argsort().argsort().double())
    return torch.corrcoef(torch.stack(ranks))[0, 1].item()
