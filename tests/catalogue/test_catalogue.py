"""The lists and the page docs/catalogue.md: sizes, papers and descriptions, and whether the page is current."""

from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from cyclesr.catalogue.complexity import macs, parameters, scaled
from cyclesr.catalogue.configs import config_row
from cyclesr.catalogue.entries import LISTS, Entry, classes, entries, listed
from cyclesr.catalogue.lists import cells, listing
from cyclesr.catalogue.page import own_names, page
from cyclesr.cli.main import run_command
from cyclesr.config import config_files
from cyclesr.descriptions import Paper, Variant, paper_of, summary_of
from cyclesr.errors import UserError
from cyclesr.models.backbones import EDSR, VDSR, Spandrel
from cyclesr.models.sr_adversarial import MODES
from cyclesr.registry import SR_BACKBONES

ROOT = Path(__file__).parents[2]


class Documented(nn.Module):
    """What its reader sees."""

    PAPER: ClassVar[Paper] = Paper("Doe & Roe, ECCV 2020", "https://arxiv.org/abs/2001.00001")
    SUMMARY: ClassVar[str] = "What the list shows"

    def __init__(self, scale: int, channels: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 5, padding=2)
        self.tail = nn.ConvTranspose2d(channels, 3, scale, stride=scale)
        self.shared = self.conv

    def forward(self, lr: Tensor) -> Tensor:
        return self.tail(self.conv(lr))


def test_sizes_by_hand() -> None:
    with torch.device("meta"):
        network = Documented(4)
        assert parameters(network) == (3 * 25 * 8 + 8) + (8 * 16 * 3 + 3)
        assert macs(network) == 64 * 64 * (3 * 25 * 8 + 8 * 16 * 3)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(None, "-"), (7, "7"), (1_114_051, "1.11 M"), (24_700, "24.7 k"), (8_727_035_904, "8.73 G"), (10**12, "1 T")],
)
def test_counts_are_short(count: int | None, expected: str) -> None:
    assert scaled(count) == expected


class Plain(nn.Module):
    """Sees ``features``: a test.

    Unlike (Other et al. 1999), https://arxiv.org/abs/9901.00001.
    """


def test_a_class_has_attributes_for_paper_and_line() -> None:
    assert paper_of(Documented) == Paper("Doe & Roe, ECCV 2020", "https://arxiv.org/abs/2001.00001")
    assert summary_of(Documented) == "What the list shows"
    assert paper_of(EDSR) == Paper("Lim et al., CVPRW 2017", "https://arxiv.org/abs/1707.02921")


def test_a_class_without_attributes_has_its_first_line_and_no_paper() -> None:
    assert summary_of(Plain) == "Sees `features`: a test"
    assert paper_of(Plain) is None


def test_a_derived_class_does_not_inherit_them() -> None:
    derived = type("Derived", (Documented,), {})
    assert (paper_of(derived), summary_of(derived)) == (None, "")


def test_entry_of_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SR_BACKBONES.module_dict, "Documented", Documented)
    (entry,) = entries("backbones", "documented")
    assert entry == Entry("Documented", 995, 4096 * 984, "scale, channels=8", Documented.PAPER, "What the list shows")
    assert cells("backbones", entry)[1:3] == ("995", "4.03 M")
    for other in (lambda self, scale, channels: None, lambda self, scale, **others: None):
        monkeypatch.setattr(Documented, "__init__", other)  # the defaults do not suffice, or do not say what is built
        (entry,) = entries("backbones", "documented")
        assert cells("backbones", entry)[1:3] == ("-", "-")
    assert "Documented" not in own_names("backbones")


class Computing(Documented):
    def __init__(self, scale: int) -> None:
        super().__init__(scale, int(torch.linspace(8, 9, 2)[0].item()))


class Looking(Documented):
    def forward(self, lr: Tensor) -> Tensor:
        return super().forward(lr) if lr.mean().item() < 2 else lr


class Failing(Documented):
    def __init__(self, scale: int) -> None:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("kind", "expected"), [(Computing, ("995", "4.03 M")), (Looking, ("995", "-")), (Failing, ("-", "-"))]
)
def test_a_third_party_network_that_cannot_be_measured_has_a_dash(kind, expected, monkeypatch) -> None:
    monkeypatch.setitem(SR_BACKBONES.module_dict, "Documented", kind)
    (entry,) = entries("backbones", "documented")
    assert cells("backbones", entry)[1:] == (*expected, "-", "")  # the docstring of nn.Module is not used


def test_each_variant_of_a_class_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Variant(dict(channels=4), "A small one.", Paper("Doe 2001")), (dict(word="a"), "Wrong")]
    monkeypatch.setattr(Documented, "variants", classmethod(lambda cls: made), raising=False)
    monkeypatch.setitem(SR_BACKBONES.module_dict, "Documented", Documented)
    rows = [cells("backbones", entry) for entry in entries("backbones", "documented")]
    assert [row[0] for row in rows] == ["Documented", "Documented(channels=4)", 'Documented(word="a")']
    assert rows[1][1:] == (str(4 * 76 + 4 * 48 + 3), "2.02 M", "Doe 2001", "A small one")
    assert rows[2][1:] == ("-", "-", "-", "Wrong")


def test_networks_of_spandrel() -> None:
    pytest.importorskip("spandrel")
    rows = {entry.name: cells("backbones", entry) for entry in entries("backbones", "spandrel(arch=*compact*")}
    compact = ("621 k", "2.54 G", "Wang et al. 2021", "SRVGGNetCompact, a plain network")
    assert rows == {'Spandrel(arch="Compact")': ('Spandrel(arch="Compact")', *compact)}
    (swin,) = entries("backbones", 'Spandrel(arch="SwinIR")')  # computes while it is built
    assert (swin.parameters, swin.macs, swin.paper) == (
        3_487_347,
        17_148_542_976,
        Paper("Liang et al., ICCVW 2021", "https://arxiv.org/abs/2108.10257"),
    )


def test_adversarial_losses_are_listed() -> None:
    names = [entry.name for entry in entries("losses")]
    assert {*MODES, "R1"} == set(names) - classes(LISTS["losses"][0]).keys()
    (ragan,) = entries("losses", "ragan")
    shown = (
        "ragan",
        'sr_adversarial=dict(mode="ragan")',
        "Jolicoeur-Martineau 2019",
        "Relativistic average, only for D_h",
    )
    assert cells("losses", ragan) == shown
    assert ragan.paper == Paper("Jolicoeur-Martineau 2019", "https://arxiv.org/abs/1807.00734")
    assert "| `ragan` |" in (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")


def test_published_size_of_the_modified_vdsr() -> None:
    (entry,) = (entry for entry in entries("backbones", "vdsr") if entry.name == "VDSR")
    assert entry.parameters == 1_114_051 == parameters(VDSR(4))


def test_patterns_and_their_mistakes() -> None:
    assert [entry.name for entry in entries("losses", "msel*")] == ["MSELoss"]
    assert {"L1Loss", "MSELoss"} <= {entry.name for entry in entries("losses", "loss")}
    with pytest.raises(UserError, match=r"losses.*'l2loss'.*'L1Loss'"):
        entries("losses", "l2loss")


def test_configs(tmp_path: Path) -> None:
    files = config_files(ROOT / "configs")
    assert not any("_base_" in name for name in files)
    row = config_row("unitsr_ntire18_t4", files["unitsr_ntire18_t4"])
    assert row[:4] == ("unitsr_ntire18_t4", "CollaborativeSR", "UNIT", "SRResNet")
    assert row.line.startswith("UNITSR")
    assert listing("configs", "sr_syn_ntire17", ROOT / "configs").splitlines()[1].startswith("sr_syn_ntire17_t2")
    with pytest.raises(UserError, match=r"configs .*--configs DIR"):
        config_files(tmp_path)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# One line: short.\nsteps = 1", "One line: short"),
        (
            "# Doe et al. of Table 1 on\n# Track 2, x4.\n# Beside each number: more.\n",
            "Doe et al. of Table 1 on Track 2, x4",
        ),
        ("# On two cores, on folders:\n#   python tools/train.py X\n", "On two cores, on folders"),
        ("# Your images: five numbers.\n#   cyclesr train X\n", "Your images: five numbers"),
        ("steps = 1  # none\n", ""),
    ],
)
def test_the_first_sentence_of_a_config(comment: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(f"{comment}\nmodel = dict(type='SupervisedSR')\n")
    assert config_row("one", tmp_path / "one.py").line == expected


@pytest.mark.parametrize("kinds", list(LISTS))
def test_every_class_has_a_line_and_every_network_a_paper(kinds: str) -> None:
    found = classes(LISTS[kinds][0])
    for name in own_names(kinds):
        assert len(summary_of(found[name])) > 10, name
        assert ":`" not in summary_of(found[name]), f"{name} needs SUMMARY: its docstring has mark-up"
        free = kinds == "losses" or name in ("Padded", "Spandrel", "Upscaled")  # adapters: the papers are others'
        assert free or paper_of(found[name]), f"{name} needs PAPER"


COMMAND = "run: cyclesr list --write docs/catalogue.md"


def test_the_page_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares only the names of spandrel's networks, because their sizes take long."""
    lines = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8").splitlines()
    theirs = [line for line in lines if line.startswith("| `Spandrel(")]
    names = [name for name in listed(SR_BACKBONES) if name.startswith("Spandrel(")]
    assert [line.split("`")[1] for line in theirs] == names or not find_spec("spandrel"), COMMAND
    monkeypatch.setattr(Spandrel, "variants", classmethod(lambda cls: []))
    assert [line for line in lines if line not in theirs] == page().splitlines(), COMMAND


@pytest.mark.slow
def test_all_of_the_page_is_current() -> None:
    pytest.importorskip("spandrel")
    assert (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8") == page(), COMMAND


def test_the_page_counts_its_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cyclesr.catalogue.page.own_names",
        lambda kinds: {"losses": [], "backbones": ["EDSR"]}.get(kinds, ["CycleGAN", "UNIT"]),
    )
    monkeypatch.setattr("cyclesr.catalogue.page.entries", lambda kinds: [])
    text = page()
    assert "2 translators x 1 SR networks = 2 pairs" in text
    assert "| EDSR | x | x |" in text


def test_commands(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["list", "losses", "mse"])
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["MSELoss", "weight=1.0"]
    with pytest.raises(UserError, match=r"translators.*--write"):
        run_command(["list"])
