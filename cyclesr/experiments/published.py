"""The figures of the paper's Tables 1, 3 and 4. The protocol of these figures is unknown, see docs/evaluation.md."""

from typing import NamedTuple

from cyclesr.errors import UserError

# The challenge's track of each kind of simulated track (Sec. 4.1, "unknown, mild and wild").
CHALLENGES = {"unknown": "ntire17_t2", "mild": "ntire18_t2", "wild": "ntire18_t4"}


class Figures(NamedTuple):
    """One cell of a table: mean PSNR (dB), SSIM and LPIPS over the 100 validation images of DIV2K, x4."""

    psnr: float
    ssim: float
    lpips: float


TABLE_1 = {
    "bicubic": {
        "unknown": Figures(23.976, 0.644, 0.487),
        "mild": Figures(23.196, 0.563, 0.547),
        "wild": Figures(22.579, 0.543, 0.572),
    },
    "sr_syn": {
        "unknown": Figures(23.955, 0.654, 0.457),
        "mild": Figures(23.066, 0.545, 0.560),
        "wild": Figures(22.410, 0.517, 0.581),
    },
    "sr_paired": {
        "unknown": Figures(29.819, 0.818, 0.326),
        "mild": Figures(24.154, 0.617, 0.515),
        "wild": Figures(23.706, 0.590, 0.538),
    },
    "cyclegan": {
        "unknown": Figures(23.213, 0.648, 0.459),
        "mild": Figures(22.901, 0.517, 0.513),
        "wild": Figures(21.685, 0.466, 0.550),
    },
    "bulat": {
        "unknown": Figures(25.204, 0.690, 0.433),
        "mild": Figures(23.609, 0.585, 0.530),
        "wild": Figures(22.655, 0.536, 0.561),
    },
    "bulat_collaborative": {
        "unknown": Figures(26.191, 0.705, 0.409),
        "mild": Figures(23.280, 0.555, 0.564),
        "wild": Figures(23.250, 0.554, 0.553),
    },
    "cyclesr": {
        "unknown": Figures(27.021, 0.770, 0.399),
        "mild": Figures(24.779, 0.631, 0.500),
        "wild": Figures(23.807, 0.593, 0.526),
    },
    "unitsr": {
        "unknown": Figures(26.613, 0.732, 0.428),
        "mild": Figures(24.894, 0.616, 0.511),
        "wild": Figures(23.819, 0.576, 0.538),
    },
}
TABLE_3 = {
    "separate": {"unknown": Figures(24.663, 0.685, 0.502)},
    "feedback_0": {"unknown": Figures(25.479, 0.714, 0.467)},
    "feedback_1e2": {"unknown": Figures(25.886, 0.733, 0.434)},
    "feedback_1e3": {"unknown": Figures(27.021, 0.770, 0.399)},
    "feedback_1e4": {"unknown": Figures(17.352, 0.556, 0.573)},
}
TABLE_4 = {
    "cyclesr": TABLE_1["cyclesr"],
    "cyclesrgan": {
        "unknown": Figures(25.978, 0.737, 0.377),
        "mild": Figures(23.605, 0.545, 0.466),
        "wild": Figures(22.303, 0.497, 0.489),
    },
}
TABLES = {1: TABLE_1, 3: TABLE_3, 4: TABLE_4}


def published(table: int, row: str, track: str) -> Figures | None:
    """Returns a cell of a table, or ``None`` if the paper has no such cell.

    Args:
        table: 1, 3 or 4.
        row: a key of the table.
        track: ``unknown``, ``mild`` or ``wild``.

    Raises:
        UserError: there is no such table.
    """
    if table not in TABLES:
        raise UserError(f"The table must be one of {', '.join(map(str, TABLES))}, found {table}.")
    return TABLES[table].get(row, {}).get(track)
