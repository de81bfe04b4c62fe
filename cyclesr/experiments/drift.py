"""Drift of a training: how far G1 is from the true degradation at each checkpoint, and signals that may show it."""

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
        config: config of the training.
        work_dir: folder of the checkpoints.
        track: simulated track of the training, with the true degradation.
        protocol: name of the protocol under which SR is scored.

    Returns:
        One dict per checkpoint. ``iter`` is its iteration. ``degradation_psnr`` and ``psnr`` (dB), ``noise`` of G1 and
        ``true_noise`` (units of 1/255) need the true degradation. ``consistency`` and ``spectrum`` (dB) do not, see
        the functions of these names.

    Raises:
        UserError: the folder holds no checkpoints or checkpoints of another model, or the model has no translator.
    """
    paths = sorted(work_dir.glob("iter_*.pth"), key=lambda path: int(path.stem.removeprefix("iter_")))
    if not paths:
        raise UserError(f"No checkpoints iter_*.pth found in {work_dir}: train with --work-dir {work_dir} first.")
    model = MODELS.build(config.model).eval()
    if not isinstance(model, CollaborativeSR):
        raise UserError(
            f"Drift is measured on the translator of a CollaborativeSR, but the model is a {config.model.type}: give "
            "the config of such a training."
        )
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
    """Returns the function from HR to ``fake_real``, for a G1 that takes ``syn`` and for one that takes HR."""
    translator = model.translator
    return lambda hr: translator.degrade(translator.source(imresize(hr, scale=1 / scale).clamp(0, 1), hr))


@torch.no_grad()
def consistency(model: CollaborativeSR, degrade: Upscale, real: Images) -> float:
    """Returns the mean PSNR (dB) of ``degrade(SR(real))`` against ``real``.

    It is high if SR network and degradation are inverse to each other on the real images.
    """
    values = []
    for image in real:
        back = degrade(model(image).clamp(0, 1))
        values.append(-10 * torch.log10((back - image).square().mean()).item())
    return statistics.fmean(values)


@torch.no_grad()
def spectrum(degrade: Upscale, hr: Images, real: Images) -> float:
    """Returns the root mean square difference (dB) of the mean radial power spectra of ``fake_real`` and ``real``.

    Equal spectra give 0. Each image's spectrum is relative to its lowest band, so that contrast has no influence.
    """
    difference = _mean_spectrum([degrade(image) for image in hr]) - _mean_spectrum(real)
    return difference.square().mean().sqrt().item()


def _mean_spectrum(images: Images) -> Tensor:
    return torch.stack([_radial_spectrum(image) for image in images]).mean(0)


def _radial_spectrum(image: Tensor) -> Tensor:
    """Returns the power in rings of frequency up to Nyquist, in dB relative to the lowest ring, ``(BANDS,)``."""
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
    """Returns Spearman's rank correlation of two columns over the checkpoints."""
    ranks = []
    for column in (signal, truth):
        values = torch.tensor([row[column] for row in rows])
        ranks.append(values.argsort().argsort().double())
    return torch.corrcoef(torch.stack(ranks))[0, 1].item()
