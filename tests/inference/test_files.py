"""Upscaling files keeps depth, gray and alpha, and a corrupt image does not stop the others."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.images.listing import passed_over
from cyclesr.images.reading import read_picture
from cyclesr.inference.files import (
    Job,
    Upscaling,
    choose_device,
    find_inputs,
    infer,
    name_outputs,
    process_each,
)
from cyclesr.inference.pipeline import run_pipeline
from cyclesr.inference.upscale import Upscaler
from cyclesr.progress import PixelBar
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class NearestForFileTests(nn.Module):
    def __init__(self, scale: int = 2) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, lr: Tensor) -> Tensor:
        return lr.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


@pytest.fixture
def checkpoint(tmp_path) -> str:
    path = tmp_path / "net.pth"
    torch.save(dict(sr_network=dict(config=dict(type="NearestForFileTests", scale=2), scale=2, state_dict={})), path)
    return str(path)


def twice(image: np.ndarray) -> np.ndarray:
    return image.repeat(2, 0).repeat(2, 1)


def upscale_file(source: Path, target: Path, tile: int | str = "auto") -> None:
    pipeline = Upscaling(Upscaler(NearestForFileTests(), 2, tile=tile), PixelBar([1]))
    for _, error in run_pipeline([Job(0, source, target)], pipeline, workers=0):
        if error:
            raise error


def through_a_file(tmp_path: Path, image: np.ndarray, suffix: str = ".png", tile: int | str = "auto") -> np.ndarray:
    source, target = tmp_path / "in.png", tmp_path / f"out{suffix}"
    cv2.imwrite(str(source), image)
    upscale_file(source, target, tile)
    if suffix == ".tif" and image.ndim == 3 and image.shape[2] == 4 and image.dtype == np.uint8:
        with Image.open(target) as found:  # OpenCV would multiply the colours by alpha
            return np.asarray(found)[..., [2, 1, 0, 3]]
    return cv2.imread(str(target), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("tile", ["auto", 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_depth_and_gray_are_kept(tmp_path, dtype, shape, tile, suffix):
    image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)
    result = through_a_file(tmp_path, image, suffix, tile)
    assert result.dtype == dtype
    assert np.array_equal(result, twice(image))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("tile", ["auto", 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_kept_and_grows_bicubically(tmp_path, dtype, tile, suffix):
    image = np.random.default_rng(1).integers(0, np.iinfo(dtype).max + 1, (8, 8, 4), dtype=dtype)
    image[..., 3] = np.iinfo(dtype).max
    image[:, 4:, 3] = 0
    result = through_a_file(tmp_path, image, suffix, tile)
    assert np.array_equal(result[:, :8, :3], twice(image[:, :4, :3]))
    assert np.array_equal(result[:, 8:, :3], twice(image[:, 3:4, :3].repeat(4, 1)))  # the visible colours beside it
    white = np.iinfo(dtype).max
    assert (result[:, :4, 3] == white).all()
    assert (result[:, 12:, 3] == 0).all()
    middle = result[8, 7:9, 3] / white  # the samples at a quarter pixel from the edge of a step
    keys = [1.5 * x**3 - 2.5 * x**2 + 1 if x < 1 else -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 for x in (0.25, 1.25)]
    assert middle == pytest.approx([sum(keys), 1 - sum(keys)], abs=0.003)


def test_folder_with_a_corrupt_image(tmp_path, checkpoint):
    photos = tmp_path / "photos"
    photos.mkdir()
    image = np.random.default_rng(2).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    for name in ("a.png", "c.bmp"):
        cv2.imwrite(str(photos / name), image)
    (photos / "b.png").write_bytes((photos / "a.png").read_bytes()[:50])
    report = infer(checkpoint, str(photos), str(tmp_path / "sr"), device="cpu")
    assert [path.name for path in report.written] == ["a.png", "c.png"]
    assert len(report.failed) == 1
    assert "b.png" in report.failed[0]
    assert np.array_equal(cv2.imread(str(tmp_path / "sr" / "c.png")), twice(image))


def profile_of(kind: bytes, size: int) -> bytes:
    """Bytes that look like an ICC profile of a colour space."""
    return bytes(16) + kind + np.random.default_rng(0).bytes(size - 20)


@pytest.mark.parametrize("source", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("target", [".png", ".jpg", ".tif"])
def test_the_colour_profile_is_kept(tmp_path, source, target):
    profile = profile_of(b"RGB ", 150_000)  # three segments of a JPEG
    path, out = tmp_path / f"a{source}", tmp_path / f"b{target}"
    Image.new("RGB", (9, 7), (200, 90, 30)).save(path, icc_profile=profile)
    upscale_file(path, out)
    with Image.open(out) as found:
        assert found.info["icc_profile"] == profile
        assert found.size == (18, 14)
        assert np.abs(np.asarray(found).astype(int) - (200, 90, 30)).max() <= 3
    assert cv2.imread(str(out)).shape == (14, 18, 3)


def test_a_profile_of_another_colour_space_than_the_decoded_image_is_dropped(tmp_path):
    cases = {"RGB": (b"RGB ", True), "L": (b"GRAY", True), "CMYK": (b"CMYK", False), "RGBA": (b"RGB ", True)}
    for mode, (kind, kept) in cases.items():
        path = tmp_path / f"{mode}.tif" if mode == "RGBA" else tmp_path / f"{mode}.jpg"
        Image.new(mode, (8, 8)).save(path, icc_profile=profile_of(kind, 200))
        assert read_picture(path).profile == (profile_of(kind, 200) if kept else b"")
    upscale_file(tmp_path / "L.jpg", tmp_path / "gray.png")
    with Image.open(tmp_path / "gray.png") as found:
        assert (found.mode, found.info["icc_profile"]) == ("L", profile_of(b"GRAY", 200))
    upscale_file(tmp_path / "L.jpg", tmp_path / "without.webp")  # WebP has no gray images
    assert read_picture(tmp_path / "without.webp").profile == b""


def test_a_profile_that_a_bmp_cannot_hold_is_named(tmp_path, checkpoint):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", icc_profile=profile_of(b"RGB ", 200))
    report = infer(checkpoint, str(tmp_path / "a.png"), str(tmp_path / "b.bmp"), device="cpu")
    assert [("a.png" in note, "profile" in note) for note in report.notes] == [(True, True)]
    assert infer(checkpoint, str(tmp_path / "a.png"), str(tmp_path / "b.webp"), device="cpu").notes == []


def test_one_file_to_one_file(tmp_path, checkpoint):
    image = np.random.default_rng(3).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    infer(checkpoint, str(tmp_path / "a.png"), str(tmp_path / "big.bmp"), device="cpu")
    assert np.array_equal(cv2.imread(str(tmp_path / "big.bmp")), twice(image))


def test_globs(tmp_path):
    for name in ("x1.png", "x2.jpg", "y.png", "x3.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in find_inputs(str(tmp_path / "x*"))] == ["x1.png", "x2.jpg"]
    with pytest.raises(UserError, match=r"z\*\.png"):
        find_inputs(str(tmp_path / "z*.png"))
    (tmp_path / "z.HEIC").touch()
    with pytest.raises(UserError, match=r"HEIC.*JPEG or PNG"):
        find_inputs(str(tmp_path / "z*"))


@pytest.mark.parametrize("name", ["holiday [2020]", "[a-z]"])
def test_brackets_in_names_and_in_globs(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for file in ("[2020] a.png", "2 b.png", "img[1].jpg", "img1.jpg"):
        (folder / file).touch()

    def found(pattern: str) -> list[str]:
        return [path.name for path in find_inputs(str(folder / pattern))]

    assert found("*.png") == ["2 b.png", "[2020] a.png"]
    assert found("[2020]*.png") == ["[2020] a.png"]
    assert found("img[0-9].jpg") == ["img1.jpg"]
    assert found("img[1].jpg") == ["img[1].jpg"]
    assert len(find_inputs(str(tmp_path / "*" / "*.png"))) == 2


def test_a_link_to_itself_does_not_stop_the_others(tmp_path):
    (tmp_path / "loop.png").symlink_to("loop.png")
    inputs = [tmp_path / "a.png", tmp_path / "loop.png"]
    assert name_outputs(inputs, tmp_path / "out") == [tmp_path / "out" / "a.png", tmp_path / "out" / "loop.png"]
    assert passed_over(tmp_path) == []


def test_outputs_never_collide_or_overwrite(tmp_path):
    def names(*inputs: str) -> list[str]:
        targets = name_outputs([tmp_path / name for name in inputs], tmp_path / "out")
        return [str(target.relative_to(tmp_path / "out")) for target in targets]

    assert names("odd/a.png", "odd/a.JPG", "b.v1.tif") == ["a.png.png", "a.JPG.png", "b.v1.png"]
    assert names("x/a.png", "x/b.png", "y/z/a.png") == ["x/a.png", "x/b.png", "y/z/a.png"]
    assert names("x/a.png", "y/b.png") == ["a.png", "b.png"]
    with pytest.raises(UserError, match=r"a.png and .*a.png.tif would both become .*rename"):
        names("a.png", "a.jpg", "a.png.tif")
    with pytest.raises(UserError, match=r"overwrite .*a\.png"):
        name_outputs([tmp_path / "a.png"], tmp_path)
    with pytest.raises(UserError, match=r"2 images .*out\.png: give a folder"):
        name_outputs([tmp_path / "a.png", tmp_path / "b.png"], tmp_path / "out.png")


def test_transparency_needs_a_format_that_has_it(tmp_path):
    image = np.zeros((4, 4, 4), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    with pytest.raises(UserError, match="transparency"):
        upscale_file(tmp_path / "a.png", tmp_path / "a.jpg")


def test_a_format_that_cannot_hold_the_result_is_an_error_before_anything_is_computed(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "deep.png"), np.zeros((4, 4), np.uint16))
    cv2.imwrite(str(tmp_path / "long.png"), np.zeros((1, 8192), np.uint8))
    monkeypatch.setattr(NearestForFileTests, "forward", None)
    for source, target, message in (
        ("deep.png", "a.jpg", "16 bits"),
        ("long.png", "a.webp", r"16384 pixels .*\.webp .*16383"),
        ("long.png", "a.xyz", r"a\.xyz"),
    ):
        with pytest.raises(UserError, match=message):
            upscale_file(tmp_path / source, tmp_path / target)


@pytest.mark.parametrize("suffix", [".bmp", ".webp"])
def test_formats_that_are_written_whole(tmp_path, suffix):
    image = np.random.default_rng(4).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    result = through_a_file(tmp_path, image, suffix, tile=2)
    assert np.abs(result.astype(int) - twice(image)).max() < (1 if suffix == ".bmp" else 120)  # WebP is lossy
    assert result.shape == (12, 10, 3)


def test_alpha_in_bands_equals_alpha_as_a_whole(tmp_path):
    image = np.random.default_rng(5).integers(0, 256, (23, 9, 4), dtype=np.uint8)
    whole = through_a_file(tmp_path, image, tile=100)
    assert np.array_equal(through_a_file(tmp_path, image, tile=5), whole)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_full_disk_keeps_the_existing_file(tmp_path, monkeypatch, suffix):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 4), np.uint8))
    target = tmp_path / f"out{suffix}"
    target.write_text("old")

    def full(*arguments) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        upscale_file(tmp_path / "a.png", target)
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.png", target.name])


def test_images_beyond_pillows_limit_are_read(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((30, 30), np.uint8))
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 10)
    assert read_picture(tmp_path / "a.png").gray


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(tmp_path, checkpoint, workers):
    rng = np.random.default_rng(6)
    for i in range(7):
        cv2.imwrite(str(tmp_path / f"{i}.png"), rng.integers(0, 256, (9 + i, 12, 3), dtype=np.uint8))
    (tmp_path / "3.png").write_bytes(b"no image")
    reports = []
    for number, name in ((0, "in_turn"), (workers, "at_once")):
        out = tmp_path / name
        reports.append(infer(checkpoint, f"{tmp_path}/*.png", str(out), device="cpu", tile=4, workers=number))
    assert [[p.name for p in r.written] for r in reports] == [
        ["0.png", "1.png", "2.png", "4.png", "5.png", "6.png"]
    ] * 2
    assert reports[0].failed == reports[1].failed
    assert len(reports[0].failed) == 1
    for path in reports[0].written:
        assert path.read_bytes() == (tmp_path / "at_once" / path.name).read_bytes()


@pytest.mark.parametrize("name", ["[red]a.png", "-o.png", "a\nb.png"])
def test_names_that_mean_something_elsewhere(tmp_path, checkpoint, name):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "in" / name)
    assert infer(checkpoint, str(tmp_path / "in"), str(tmp_path / "out")).written == [tmp_path / "out" / name]


def test_workers_must_not_be_negative(tmp_path, checkpoint):
    with pytest.raises(UserError, match=r"--workers.*-1"):
        infer(checkpoint, checkpoint, str(tmp_path), workers=-1)


def test_other_errors_than_user_errors_are_raised(tmp_path):
    def broken(source: Path, target: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        process_each([(tmp_path, tmp_path)], broken, 1)


def test_gray_jpeg_is_gray(tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((8, 8), 77, np.uint8))
    picture = read_picture(tmp_path / "a.jpg")
    assert (picture.gray, picture.alpha, picture.bits) == (True, None, 8)


def test_devices_that_do_not_exist():
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(UserError, match="device 'gpu'"):
        choose_device("gpu")
    with pytest.raises(UserError, match=r"'cuda:99'.* GPUs found"):
        choose_device("cuda:99")
    with pytest.raises(UserError, match=r"'meta' .*auto or cpu"):
        choose_device("meta")
