"""Profiles of the strong, isolated edges of an image, which show the response of the camera to a step.

A sharp edge looks the same at every scale, independently of the rest of the scene. Textures do not and are excluded.
"""

from typing import NamedTuple

import cv2
import numpy as np

# Positions on the normal of an edge, in pixels. Beyond _PLATEAU, both sides of an isolated edge are flat.
POSITIONS = np.arange(-7, 7.001, 0.25)
_PLATEAU = 3.5
_BEFORE, _AFTER = POSITIONS <= -_PLATEAU, POSITIONS >= _PLATEAU

# Edges are among the steepest positions and have at least this height; their plateaus vary by at most this share of it.
_STEEPEST = 0.12
_LEAST_HEIGHT = 0.05
_UNEVEN = 0.1
_MARGIN = 9  # pixels at the border of the image
_MOST_EDGES = 1000  # per image; more cost time and gain no accuracy


class Edges(NamedTuple):
    """Edges of one image.

    Attributes:
        profiles: (n, positions) values that rise from about 0 to about 1, with 0.5 at position 0.
        heights: (n,) differences of the plateaus, in units of the image.
    """

    profiles: np.ndarray
    heights: np.ndarray


def find_edges(luminance: np.ndarray) -> Edges:
    """Finds the isolated edges of (H, W) float luminance in [0, 1] and samples them along their normals."""
    luminance = luminance.astype(np.float32)
    if min(luminance.shape) <= 2 * _MARGIN:
        return Edges(np.zeros((0, len(POSITIONS))), np.zeros(0))
    points, normals = _candidates(luminance)
    profiles = _sample(luminance, points, normals)
    levels = np.stack([profiles[:, _BEFORE].mean(1), profiles[:, _AFTER].mean(1)])
    uneven = np.maximum(profiles[:, _BEFORE].std(1), profiles[:, _AFTER].std(1))
    height = levels[1] - levels[0]
    offset = _crossing(profiles, levels.mean(0))
    keep = (height > _LEAST_HEIGHT) & (uneven < _UNEVEN * height) & (np.abs(offset) < 1.5)
    points, normals, offset = points[keep], normals[keep], offset[keep]
    profiles = _sample(luminance, points + offset[:, None] * normals, normals)
    low, high = profiles[:, _BEFORE].mean(1, keepdims=True), profiles[:, _AFTER].mean(1, keepdims=True)
    return Edges((profiles - low) / (high - low), (high - low)[:, 0])


def _candidates(luminance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns positions (n, 2) of maxima of the gradient along its direction, and the directions (n, 2), in (x, y)."""
    smooth = cv2.GaussianBlur(luminance, (0, 0), 0.8)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    slope = np.hypot(dx, dy) + 1e-9
    nx, ny = dx / slope, dy / slope
    y, x = np.mgrid[: slope.shape[0], : slope.shape[1]].astype(np.float32)
    ahead, behind = (cv2.remap(slope, x + step * nx, y + step * ny, cv2.INTER_LINEAR) for step in (1, -1))
    peak = (slope >= ahead) & (slope > behind)
    inside = np.zeros_like(peak)
    inside[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = True
    rows, columns = np.nonzero(peak & inside & (slope > np.quantile(slope[inside], 1 - _STEEPEST)))
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_EDGES * 4)).astype(int)
    rows, columns = rows[chosen], columns[chosen]
    return np.stack([columns, rows], 1).astype(float), np.stack([nx[rows, columns], ny[rows, columns]], 1)


def _sample(luminance: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Samples (n, positions) values along the normals."""
    if not len(points):
        return np.zeros((0, len(POSITIONS)), np.float32)
    places = (points[:, None] + normals[:, None] * POSITIONS[:, None]).astype(np.float32)
    parts = [  # cv2.remap takes images of at most 32767 rows
        cv2.remap(luminance, part[..., 0], part[..., 1], cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT)
        for part in np.split(places, range(30000, len(places), 30000))
    ]
    return np.concatenate(parts)


def _crossing(profiles: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Returns the (n,) positions nearest to 0 at which the profiles rise through their levels; infinite if none."""
    above = profiles - level[:, None]
    rises = (above[:, :-1] < 0) & (above[:, 1:] >= 0)
    distance = np.where(rises, np.abs(POSITIONS[:-1]), np.inf)
    nearest = distance.argmin(1)
    row = np.arange(len(profiles))
    before, after = above[row, nearest], above[row, nearest + 1]
    step = POSITIONS[1] - POSITIONS[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        crossing = POSITIONS[nearest] - step * before / (after - before)
    return np.where(np.isfinite(distance.min(1, initial=np.inf)), crossing, np.inf)
