"""What every model here shares: an SR network with its loss, Eq. (3), that is validated on pairs."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from cyclesr.checkpoints.weights import load_weights
from cyclesr.errors import UserError
from cyclesr.models.moving_average import MovingAverage
from cyclesr.optim.memory_format import ChannelsLast, memory_format
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import LOSSES, MODELS, SR_BACKBONES

Batch: TypeAlias = dict[str, Any]
Losses: TypeAlias = dict[str, Tensor]


class SRModel(BaseModel):
    """Holds the SR network ``sr``, updates it by Eq. (3), and runs it for validation and test.

    Args:
        sr: config of ``SR_BACKBONES``.
        channels_last: memory format of the networks and images, see
            :func:`~cyclesr.optim.memory_format.memory_format`.
        average: decay of the exponential moving average of the SR network's weights, which validation and
            inference then use; 0 keeps none.
        perceptual: arguments of :class:`~cyclesr.models.losses.PerceptualLoss`, or of the ``type`` that they name.
        sr_adversarial: arguments of :class:`~cyclesr.models.sr_adversarial.SRAdversarial`.

    Attributes:
        scale: of the SR network: its config's, or what it does where the config does not say.
        sr_loss: the first term of Eq. (3), which every model builds.

    Raises:
        UserError: no scale in the config, and a network whose output tells none; or a network of another scale.
    """

    sr_loss: nn.Module

    def __init__(
        self,
        sr: dict[str, Any],
        channels_last: ChannelsLast,
        average: float,
        data_preprocessor: dict[str, Any] | None,
        perceptual: dict[str, Any] | None = None,
        sr_adversarial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor)
        self.memory_format = memory_format(channels_last)
        self.sr_config = plain(sr)
        self.sr: nn.Module = self.as_memory_format(SR_BACKBONES.build(sr))
        self.sr_average = MovingAverage(self.sr, average) if average else None
        self.scale = int(sr["scale"]) if "scale" in sr else scale_of(self.sr)
        if "scale" in sr:
            _refuse_another_scale(self.sr, self.scale)
        self.perceptual = self.sr_adversarial = None
        if perceptual is not None:
            self.perceptual = self.as_memory_format(LOSSES.build({"type": "PerceptualLoss", **perceptual}))
        if sr_adversarial is not None:
            self.sr_adversarial = self.as_memory_format(MODELS.build({"type": "SRAdversarial", **sr_adversarial}))

    def sr_losses(self, sr: Tensor, hr: Tensor) -> Losses:
        """The terms of Eq. (3), weighted, of images ``(N, 3, H, W)``: ``loss_sr`` and those that are configured."""
        losses = {"loss_sr": self.sr_loss(sr, hr)}
        if self.perceptual is not None:
            losses["loss_sr_perceptual"] = self.perceptual(sr, hr)
        if self.sr_adversarial is not None:
            losses["loss_sr_adv"] = self.sr_adversarial.generator_loss(sr, hr)
        return losses

    def update_sr(self, sr: Tensor, hr: Tensor, optim_wrapper: PartOptimizers) -> Losses:
        """A step of the SR network that made ``sr``, then one of its discriminator where there is one."""
        losses = self.sr_losses(sr, hr)
        self.update_average(optim_wrapper.update(losses, "sr"))  # Eq. (3)
        return losses | self.update_sr_discriminator(sr, hr, optim_wrapper)

    def update_sr_discriminator(self, sr: Tensor, hr: Tensor, optim_wrapper: PartOptimizers) -> Losses:
        """A step of D_h on the same ``sr`` that the SR network has just learnt from."""
        if self.sr_adversarial is None:
            return {}
        losses = self.sr_adversarial.discriminator_losses(sr, hr)
        optim_wrapper.update(losses, "sr_discriminator")
        return losses

    @property
    def inference_network(self) -> nn.Module:
        """The SR network that validation and inference use: the averaged one where there is one."""
        return self.sr if self.sr_average is None else self.sr_average.module

    def sr_entry(self) -> dict[str, Any]:
        """All that inference needs: ``config``, ``scale`` and ``state_dict`` (on the CPU) of the SR network."""
        weights = self.inference_network.state_dict()
        return dict(
            config=self.sr_config,
            scale=self.scale,
            state_dict={name: weight.detach().cpu() for name, weight in weights.items()},
        )

    def start_sr_from(self, weights: dict[str, Tensor], complaint: str) -> None:
        """Gives the SR network, and its average, weights of its own or a public layout.

        Args:
            weights: by name; a network whose public names differ renames them in its method ``from_public``.
            complaint: how the message begins when they do not fit.

        Raises:
            UserError: names or shapes differ.
        """
        rename = getattr(self.sr, "from_public", None)
        if rename and weights.keys() != self.sr.state_dict().keys():
            weights = rename(weights)
        load_weights(self.sr, weights, complaint)
        self.inference_network.load_state_dict(self.sr.state_dict())

    def update_average(self, stepped: Tensor | None) -> None:
        """Moves the averaged weights towards the present ones.

        Args:
            stepped: what the update of the SR network returned.
        """
        if self.sr_average is not None and stepped is not None:
            self.sr_average.update(self.sr, stepped)

    def as_memory_format(self, network: Any) -> Any:
        """The same network, its weights in the model's memory format."""
        return network.to(memory_format=self.memory_format)

    def compile_networks(self, names: Sequence[str]) -> None:
        """Has torch.compile translate the named networks at their first use; their weights keep their names.

        Raises:
            UserError: no such network.
        """
        for name in names:
            try:
                self.get_submodule(name).compile()
            except AttributeError:
                raise UserError(f"model.compiled names {name!r}, which {type(self).__name__} does not have.") from None
        if names:  # one forward serves two losses: its graph is gone through twice
            torch._functorch.config.donated_buffer = False

    def images(self, data: Batch, *names: str) -> list[Tensor]:
        """The named images of a batch, ``(N, 3, H, W)`` each, on the model's device and in its memory format."""
        data = self.data_preprocessor(data)
        return [data[name].contiguous(memory_format=self.memory_format) for name in names]

    @torch.no_grad()
    def val_step(self, data: Batch) -> list[dict[str, Any]]:
        """Super-resolves a validation batch.

        Args:
            data: ``lr`` ``(N, 3, h, w)`` in [0, 1], ``hr`` ``(N, 3, s*h, s*w)`` and ``lr_path`` of a
                :class:`~cyclesr.datasets.PairedDataset`.

        Returns:
            A dict with ``sr``, ``hr`` (both ``(3, H, W)``, ``sr`` unclamped) and ``name`` for each image.
        """
        lr, hr = self.images(data, "lr", "hr")
        return [
            dict(sr=s, hr=h, name=n) for s, h, n in zip(self.inference_network(lr), hr, data["lr_path"], strict=True)
        ]

    test_step = val_step

    def forward(self, lr: Tensor, data_samples: None = None, mode: str = "tensor") -> Tensor:
        """SR of LR images, ``(N, 3, h, w)`` to ``(N, 3, s*h, s*w)``; the other arguments are mmengine's, unused."""
        return self.inference_network(lr)


def scale_of(network: nn.Module, side: int = 16) -> int:
    """The scale of an SR network, found by enlarging an image of ``side`` pixels; its statistics stay as they are.

    Raises:
        UserError: the network refuses such an image, or its output is no image, or no whole multiple of it.
    """
    return _scale_between(network, side, _tried(network, side))


def _refuse_another_scale(network: nn.Module, scale: int, side: int = 16) -> None:
    try:
        output = _tried(network, side)
    except UserError:  # it may take larger images alone
        return
    found = _scale_between(network, side, output)
    if found != scale:
        raise UserError(f"The config of {type(network).__name__} says scale={scale}, but it makes images x{found}.")


@torch.no_grad()
def _tried(network: nn.Module, side: int) -> Any:
    training = network.training
    weight = next(network.parameters(), torch.empty(0))
    try:
        return network.eval()(weight.new_zeros(1, 3, side, side))
    except Exception as error:  # the network may be anybody's
        raise UserError(
            f"The config of {type(network).__name__} has no 'scale', and it cannot be tried on {side}x{side} pixels: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        network.train(training)


def _scale_between(network: nn.Module, side: int, output: Any) -> int:
    name = type(network).__name__
    if not isinstance(output, Tensor) or output.shape[:2] != (1, 3):
        found = tuple(output.shape) if isinstance(output, Tensor) else f"a {type(output).__name__}"
        raise UserError(
            f"{name} made {found} of an image (1, 3, {side}, {side}); an SR network makes a tensor (N, 3, s*h, s*w). "
            "Wrap one that makes more in a module that returns the image alone."
        )
    height, width = output.shape[-2:]
    if height != width or height % side or not height:
        raise UserError(f"{name} makes {height}x{width} of {side}x{side} pixels: no whole scale.")
    return int(height // side)


def plain(config: Any) -> Any:
    """A config as plain dicts, lists and tuples, which a checkpoint can hold without pickled classes."""
    if isinstance(config, dict):
        return {str(key): plain(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(plain(value) for value in config)
    return config
