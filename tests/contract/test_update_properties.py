"""Properties of the update step, for random combinations of registered translators, SR networks and losses.

Any translator, SR network and losses, in any place that takes them, with random sizes of images and batches, cut into
micro-batches or not: what a stage trains moves and nothing else does, no gradient is left behind, and a training that
is stopped after any step and continued from its state equals the undisturbed one bit by bit.
"""

import copy
import inspect
import os
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from tiny_models import (
    LOSSES,
    SCALE,
    build,
    collaborative,
    config,
    finite,
    moved,
    names_within,
    parts_of,
    registered,
    weights,
)

from cyclesr.engine.loop import train_step
from cyclesr.engine.ranks import own_buffers, random_state, set_own_buffers, set_random_state
from cyclesr.errors import UserError
from cyclesr.models import Stage
from cyclesr.registry import SR_BACKBONES, TRANSLATORS

# Losses that need the weights of a pretrained network; tests/contract/test_losses_in_place.py has them.
OF_PRETRAINED = ("LPIPSLoss", "PerceptualLoss", "DISTSLoss")
LOSS_NAMES = [name for name in registered(LOSSES) if name not in OF_PRETRAINED]
EXAMPLES = int(os.environ.get("CYCLESR_PROPERTY_EXAMPLES", "60"))


@st.composite
def experiments(draw: Any) -> dict[str, Any]:
    """Draws the config of a CollaborativeSR, a stage, and sizes."""
    weight = draw(st.sampled_from([0.5, 10.0, 1e3]))
    options: dict[str, Any] = dict(
        sr_loss=config(LOSSES, draw(st.sampled_from(LOSS_NAMES)), weight=weight),
        feedback_weight=weight,
        optimisation=draw(st.sampled_from(["joint", "alternating"])),
        average=draw(st.sampled_from([0.0, 0.9])),
    )
    if draw(st.booleans()):
        options["perceptual"] = config(LOSSES, draw(st.sampled_from(LOSS_NAMES)), weight=0.1)
    if draw(st.booleans()):
        options["consistency"] = dict(weight=draw(st.sampled_from([0.1, 10.0])), low_pass=draw(st.sampled_from([0, 3])))
    if draw(st.booleans()):
        judge = dict(type="PatchDiscriminator", channels=4, num_layers=1)
        options["sr_adversarial"] = dict(discriminator=judge, mode=draw(st.sampled_from(["ragan", "lsgan", "hinge"])))
    batch = draw(st.integers(1, 3))
    return dict(
        translator=draw(st.sampled_from(list(registered(TRANSLATORS)))),
        sr=draw(st.sampled_from(list(registered(SR_BACKBONES)))),
        options=options,
        stage=draw(st.sampled_from(list(Stage))),
        side=draw(st.sampled_from([16, 20, 24, 32])),
        batch=batch,
        accumulate=draw(st.integers(1, batch)),
        stop=draw(st.integers(1, 2)),
        seed=draw(st.integers(0, 2**16)),
    )


def images(experiment: dict[str, Any], step: int) -> dict[str, torch.Tensor]:
    """Returns the batch of a step, which depends on its number only."""
    random = torch.Generator().manual_seed(1000 * experiment["seed"] + step)
    n, side = experiment["batch"], experiment["side"]
    hr = torch.rand(n, 3, SCALE * side, SCALE * side, generator=random)
    return dict(hr=hr, real=torch.rand(n, 3, side, side, generator=random))


def made(experiment: dict[str, Any]) -> tuple[Any, Any]:
    """Builds the model and its optimizers. Combinations that are refused, or lack a package, are passed over."""
    torch.manual_seed(experiment["seed"])
    described = collaborative(experiment["translator"], experiment["sr"], **copy.deepcopy(experiment["options"]))
    try:
        model, optimizers = build(described)
    except UserError as error:
        note(str(error))
        assume(False)
    optimizers.accumulate = experiment["accumulate"]
    model.stage = experiment["stage"]
    return model, optimizers


def expected_parts(model: Any) -> set[str]:
    """Returns the names of the parts that the stage trains."""
    learns = model.translator_learns
    parts = {"generators", "discriminators"} if model.stage.trains_translator and learns else set()
    return parts | ({"sr", "sr_discriminator"} if model.stage is not Stage.TRANSLATION or not learns else set())


def check_what_moves(experiment: dict[str, Any]) -> None:
    model, optimizers = made(experiment)
    before = weights(model)
    assert finite(train_step(model, images(experiment, 0), optimizers))
    changed, trained = moved(model, before), expected_parts(model)
    for name, part in parts_of(model).items():
        assert bool(changed & names_within(model, part)) == (name in trained), name
    of_average = {name for name in changed if name.startswith("sr_average.")}
    allowed = set().union(*(names_within(model, part) for name, part in parts_of(model).items() if name in trained))
    assert changed - of_average <= allowed
    assert bool(of_average) == ("sr" in trained and model.sr_average is not None)
    assert [name for name, parameter in model.named_parameters() if parameter.grad is not None] == []


def check_resuming(experiment: dict[str, Any]) -> None:
    model, optimizers = made(experiment)
    stored: dict[str, Any] = {}
    for step in range(3):
        if step == experiment["stop"]:
            state = dict(weights=model.state_dict(), optimizers=optimizers.state_dict(), buffers=own_buffers(model))
            stored = copy.deepcopy(dict(**state, random=random_state()))
        train_step(model, images(experiment, step), optimizers)
    other, other_optimizers = made({**experiment, "seed": experiment["seed"] + 1})
    other.load_state_dict(stored["weights"])
    other_optimizers.load_state_dict(stored["optimizers"])
    set_own_buffers(other, stored["buffers"])
    set_random_state(stored["random"])
    for step in range(experiment["stop"], 3):
        train_step(other, images(experiment, step), other_optimizers)
    ends = other.state_dict()
    assert [name for name, value in model.state_dict().items() if not same_bits(value, ends[name])] == []


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(one, other) or bool(one.isnan().any() and torch.equal(one.nan_to_num(7), other.nan_to_num(7)))


def examples(number: int) -> settings:
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
    return settings(max_examples=number, deadline=None, derandomize=True, database=None, suppress_health_check=slow)


@examples(6)
@given(experiments())
def test_a_stage_moves_its_parts_and_nothing_else(experiment: dict[str, Any]) -> None:
    check_what_moves(experiment)


@examples(4)
@given(experiments())
def test_stopped_and_continued_equals_straight(experiment: dict[str, Any]) -> None:
    check_resuming(experiment)


@pytest.mark.slow
@examples(EXAMPLES)
@given(experiments())
def test_both_for_many_combinations(experiment: dict[str, Any]) -> None:
    check_what_moves(experiment)
    check_resuming(experiment)


def test_every_loss_is_drawn_or_needs_a_pretrained_network() -> None:
    assert {*LOSS_NAMES, *OF_PRETRAINED} >= registered(LOSSES).keys()
    assert all("weight" in inspect.signature(registered(LOSSES)[name]).parameters for name in LOSS_NAMES)
