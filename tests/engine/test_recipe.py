"""Which config is chosen for which images, and in which words."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from scenes import scene

from cyclesr.config import load_config
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera import CameraMeasurement, CompressionMeasurement, measure_images
from cyclesr.engine.recipe import choose_recipe, fitting_crops, iterations_within
from cyclesr.errors import UserError


def seen(blur: Blur) -> CameraMeasurement:
    scenes = [torch.from_numpy(scene(seed, 160).transpose(2, 0, 1))[None] for seed in range(2)]
    return measure_images([blur(image)[0].numpy().transpose(1, 2, 0) for image in scenes])


SHARPENS = Blur(kernel=[[0, -0.05, 0], [-0.05, 1.2, -0.05], [0, -0.05, 0]])
SOFT, SHARPENED, CLEAN = seen(Blur(sigma=1.0)), seen(SHARPENS), measure_images([scene(s, 160) for s in range(2)])
DRAWN = {"model.translator.compressed": True, "model.translator.texture": 0.2}
FLAT = measure_images([np.full((64, 64, 3), 90, np.uint8)])


def compressed(camera: CameraMeasurement, quality: int) -> CameraMeasurement:
    found = CompressionMeasurement("header", quality, "4:2:0")
    return CameraMeasurement(tuple(replace(image, compression=found) for image in camera.images))


def test_a_camera_that_can_be_measured_is_measured() -> None:
    recipe = choose_recipe(SHARPENED, CLEAN, 4, gpu=False)
    assert recipe[:2] == ("own_images/camera", {})
    assert "measured" in recipe.reason
    assert recipe.warnings == ()


def test_what_a_blur_explains_is_learned_as_a_blur() -> None:
    recipe = choose_recipe(SOFT, CLEAN, 4, gpu=False)
    assert recipe[:2] == ("own_images/blur_noise", {})
    assert "Gaussian blur" in recipe.reason
    assert choose_recipe(SOFT, CLEAN, 4, gpu=False, kind="perceptual").config == "own_images/perceptual"


def test_the_perceptual_recipe_is_of_the_camera_or_an_error() -> None:
    assert choose_recipe(SOFT, CLEAN, 2, gpu=True, kind="perceptual").config == "own_images/perceptual_gpu"
    strong = choose_recipe(compressed(SOFT, 40), CLEAN, 2, gpu=False, kind="perceptual")
    assert strong[:2] == ("own_images/perceptual", DRAWN)
    with pytest.raises(UserError, match=r"measured degradation.* edges.*--recipe"):
        choose_recipe(FLAT, CLEAN, 2, gpu=False, kind="perceptual")


@pytest.mark.parametrize("channels", [1, 4])
def test_other_than_rgb_images_are_measured_with_their_channels(channels: int) -> None:
    camera = CameraMeasurement(tuple(replace(image, channels=channels) for image in SHARPENED.images))
    assert choose_recipe(camera, CLEAN, 2, gpu=False)[:2] == ("own_images/camera", {"channels": channels})
    with pytest.raises(UserError, match=r"perceptual recipe needs RGB"):
        choose_recipe(camera, CLEAN, 2, gpu=False, kind="perceptual")


def test_images_without_edges_get_a_blur_that_is_learned() -> None:
    recipe = choose_recipe(FLAT, CLEAN, 4, gpu=False)
    assert recipe.config == "own_images/blur_noise"
    assert re.search("500 sharp, isolated edges.* yours show 0: a blur", recipe.reason)


def test_an_impossible_measurement_is_not_trusted() -> None:
    camera = CameraMeasurement(SOFT.images)
    camera.__dict__["mtf"] = np.linspace(1, 4.4, len(SOFT.mtf))  # cached
    recipe = choose_recipe(camera, CLEAN, 4, gpu=False)
    assert recipe.config == "own_images/blur_noise"
    assert "raises contrast 4.4 times" in recipe.reason


@pytest.mark.parametrize("quality", [30, 80])
def test_compression_is_drawn(quality: int) -> None:
    recipe = choose_recipe(compressed(SOFT, quality), CLEAN, 4, gpu=False)
    assert recipe[:2] == ("own_images/camera", DRAWN)
    translator = load_config(recipe.config, dict(recipe.options)).model.translator
    assert (translator.compressed, translator.texture) == (True, 0.2)
    assert f"JPEG quality {quality}" in recipe.reason
    assert ("strongly" in recipe.reason) == (quality == 30)


def test_compression_in_few_images_is_not_drawn() -> None:
    both = CameraMeasurement((*SHARPENED.images, *SHARPENED.images, *compressed(SHARPENED, 40).images))
    assert choose_recipe(both, CLEAN, 4, gpu=False)[:2] == ("own_images/camera", {})


def test_strong_compression_without_edges_is_learned() -> None:
    recipe = choose_recipe(compressed(FLAT, 30), CLEAN, 4, gpu=False)
    assert recipe[:2] == ("own_images/network", {})
    assert re.search("yours show 0, and .*JPEG quality 30", recipe.reason)


@pytest.mark.parametrize("camera", [SOFT, SHARPENED, FLAT, compressed(FLAT, 30)])
def test_a_gpu_gets_larger_sizes(camera: CameraMeasurement) -> None:
    small, large = (load_config(choose_recipe(camera, None, 4, gpu=gpu).config) for gpu in (False, True))
    assert large.model.translator == small.model.translator
    assert large.train_cfg.max_iters > small.train_cfg.max_iters
    assert large.model.sr.num_blocks > small.model.sr.num_blocks


def test_sharp_images_that_are_not_sharper_are_a_warning() -> None:
    (warning,) = choose_recipe(CLEAN, SOFT, 3, gpu=False).warnings
    assert "reduced by 3, are not sharper" in warning
    assert choose_recipe(CLEAN, FLAT, 3, gpu=False).warnings == ()  # nothing can be said


def test_crops_fit_the_smallest_image() -> None:
    assert fitting_crops(32, 8, 240) == (32, 8)
    assert fitting_crops(32, 8, 24) == (24, 14)
    assert fitting_crops(32, 8, 5) == (16, 32)


def test_a_cpu_trains_for_minutes() -> None:
    assert iterations_within(10, 0.2, most=4000) == 3000
    assert iterations_within(10, 0.01, most=4000) == 4000
    assert iterations_within(10, 9.0, most=4000) == 500
