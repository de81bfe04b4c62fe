"""What every model here shares: an SR network with its loss, Eq. (3), that is validated on pairs."""

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from cyclesr.checkpoints.weights import load_weights
from cyclesr.datasets.cache import default_folder
from cyclesr.errors import UserError
from cyclesr.models.losses.terms import Losses, merge_losses, sr_loss_of
from cyclesr.models.moving_average import MovingAverage
from cyclesr.models.networks.image_channels import channels_of
from cyclesr.optim.memory_format import ChannelsLast, memory_format
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import LOSSES, MODELS, SR_BACKBONES

Batch: TypeAlias = dict[str, Any]


class SRModel(BaseModel):
    """Holds the SR network ``sr``, updates it by Eq. (3), and runs it for validation and test.

    Args:
        sr: config of ``SR_BACKBONES``.
        sr_loss: the first term of Eq. (3), a config of ``LOSSES``; None for a model that trains ``sr`` in another way.
        perceptual: arguments of :class:`~cyclesr.models.losses.PerceptualLoss`, or of the ``type`` given in them.
        sr_adversarial: arguments of :class:`~cyclesr.models.sr_adversarial.SRAdversarial`.
        artifacts: arguments of :class:`~cyclesr.models.losses.ArtifactLoss`, or of the ``type`` given in them, whose
            ``forward`` also takes the output of the averaged network.
        channels_last: memory format of the networks and images, see
            :func:`~cyclesr.optim.memory_format.memory_format`.
        average: decay of the exponential moving average of the SR network's weights, which validation and
            inference then use; 0 keeps none.

    Attributes:
        scale: of the SR network: from its config or, where that has none, from the size of its output.
        warm_up_loss: a loss that takes the place of all terms of Eq. (3) for the time being, during which the
            discriminator does not train; a hook sets it (:class:`~cyclesr.engine.hooks.WarmUpHook`).

    Raises:
        UserError: a network whose scale is not in the config and cannot be found, or is another one; or ``artifacts``
            without ``average``.
    """

    def __init__(
        self,
        *,
        sr: dict[str, Any],
        sr_loss: dict[str, Any] | None = None,
        perceptual: dict[str, Any] | None = None,
        sr_adversarial: dict[str, Any] | None = None,
        artifacts: dict[str, Any] | None = None,
        channels_last: ChannelsLast = False,
        average: float = 0.0,
        data_preprocessor: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor)
        self.memory_format = memory_format(channels_last)
        self.sr_config = builtin_types(sr)
        self.sr: nn.Module = self.as_memory_format(SR_BACKBONES.build(sr))
        self.sr_average = MovingAverage(self.sr, average) if average else None
        self.scale = int(sr["scale"]) if "scale" in sr else scale_of(self.sr)
        if "scale" in sr:
            _refuse_another_scale(self.sr, self.scale)
        self.sr_loss = self.perceptual = self.sr_adversarial = self.artifacts = None
        self.warm_up_loss: nn.Module | None = None
        if perceptual is not None:
            self.perceptual = self.as_memory_format(LOSSES.build({"type": "PerceptualLoss", **perceptual}))
        if sr_adversarial is not None:
            self.sr_adversarial = self.as_memory_format(MODELS.build({"type": "SRAdversarial", **sr_adversarial}))
        if artifacts is not None:
            _need_average(average)
            self.artifacts = LOSSES.build({"type": "ArtifactLoss", **artifacts})
        if sr_loss is not None:
            self.sr_loss = LOSSES.build(sr_loss)

    def parts(self) -> dict[str, nn.Module]:
        """Returns what optimizers train, by the names that ``optim_wrapper`` gives their optimizers."""
        parts = {"sr": self.sr}
        if self.sr_adversarial is not None:
            parts["sr_discriminator"] = self.sr_adversarial.discriminator
        return parts

    def sr_losses(self, sr: Tensor, hr: Tensor, lr: Tensor) -> Losses:
        """Computes the weighted terms of Eq. (3): ``loss_sr`` and those that are configured, or that of the warm-up.

        Args:
            sr, hr: ``(N, 3, H, W)`` in [0, 1].
            lr: ``(N, 3, h, w)``, what ``sr`` was made from; for losses whose ``forward`` has an argument ``lr``.
        """
        if self.warm_up_loss is not None:
            return {"loss_sr": sr_loss_of(self.warm_up_loss, sr, hr, lr, self.pixel_weights(lr, hr))}
        losses = {}
        if self.sr_loss is not None:
            losses["loss_sr"] = sr_loss_of(self.sr_loss, sr, hr, lr, self.pixel_weights(lr, hr))
        if self.perceptual is not None:
            losses["loss_sr_perceptual"] = sr_loss_of(self.perceptual, sr, hr, lr)
        if self.sr_adversarial is not None:
            losses["loss_sr_adv"] = self.sr_adversarial.generator_loss(sr, hr)
        if self.artifacts is not None:
            losses["loss_sr_artifacts"] = self.artifacts(sr, hr, self._averaged(lr))
        return losses

    @torch.no_grad()
    def _averaged(self, lr: Tensor) -> Tensor:
        assert self.sr_average is not None, "artifacts need it"
        return self.sr_average(lr)

    def pixel_weights(self, lr: Tensor, hr: Tensor) -> Tensor | None:
        """Returns weights ``(N, 1, H, W)`` of the pixels for a pixel loss; None weights all equally.

        Args:
            lr: ``(N, 3, h, w)``, what the SR network sees.
            hr: ``(N, 3, H, W)``.
        """
        return None

    def update_sr(self, sr: Tensor, hr: Tensor, lr: Tensor, optim_wrapper: PartOptimizers) -> Losses:
        """Takes a step of the SR network, which made ``sr`` from ``lr``, then one of D_h if there is one."""
        update = optim_wrapper.update(self.sr_losses(sr, hr, lr), "sr")  # Eq. (3)
        self.update_average(update.stepped)
        judged = self.update_sr_discriminator(sr, hr, optim_wrapper)
        return merge_losses(sr_network=update.losses, discriminator_of_sr=judged)

    def update_sr_discriminator(self, sr: Tensor, hr: Tensor, optim_wrapper: PartOptimizers) -> Losses:
        """Takes a step of D_h on the same ``sr`` that the SR network has just learned from."""
        if self.sr_adversarial is None or self.warm_up_loss is not None:
            return {}
        return optim_wrapper.update(self.sr_adversarial.discriminator_losses(sr, hr), "sr_discriminator").losses

    @property
    def inference_network(self) -> nn.Module:
        """Returns the SR network that validation and inference use: the averaged one if ``average`` is set."""
        return self.sr if self.sr_average is None else self.sr_average.module

    def sr_entry(self) -> dict[str, Any]:
        """Returns what inference needs: ``config``, ``scale`` and ``state_dict`` (on the CPU) of the SR network."""
        weights = self.inference_network.state_dict()
        return dict(
            config=self.sr_config,
            scale=self.scale,
            state_dict={name: weight.detach().cpu() for name, weight in weights.items()},
        )

    def start_sr_from(self, weights: dict[str, Tensor], complaint: str) -> None:
        """Loads weights into the SR network and its average.

        Args:
            weights: by name, in this library's layout, or in the published one if the network has a ``from_public``.
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
            stepped: of the SR network's :class:`~cyclesr.optim.parts.Update`.
        """
        if self.sr_average is not None and stepped is not None:
            self.sr_average.update(self.sr, stepped)

    def as_memory_format(self, network: Any) -> Any:
        """Converts a network's weights to the model's memory format, and returns it."""
        return network.to(memory_format=self.memory_format)

    def compile_networks(self, names: Sequence[str]) -> None:
        """Compiles the named networks with torch.compile, at their first use; their weights keep their names.

        The compiled code is kept on disk, in :func:`~cyclesr.datasets.cache.default_folder`, for later trainings.

        Raises:
            UserError: no such network.
        """
        if names:  # torch chooses a temporary folder as soon as it compiles
            os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(default_folder() / "compiled"))
        for name in names:
            try:
                self.get_submodule(name).compile()
            except AttributeError:
                raise UserError(f"model.compiled names {name!r}, which {type(self).__name__} does not have.") from None
        if names:  # one forward pass serves two losses, so its graph is traversed twice
            torch._functorch.config.donated_buffer = False

    def images(self, data: Batch, *names: str) -> list[Tensor]:
        """Returns the named images of a batch, ``(N, 3, H, W)`` each, on the model's device in its memory format."""
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
        """Super-resolves ``(N, 3, h, w)`` to ``(N, 3, s*h, s*w)``; the other arguments are mmengine's and unused."""
        return self.inference_network(lr)


def _need_average(average: float) -> None:
    if not average:
        raise UserError(
            "model.artifacts compares SR with the output of the averaged network, and there is none: set "
            "model.average=0.999, or leave artifacts out."
        )


def scale_of(network: nn.Module, side: int = 16) -> int:
    """Finds the scale of an SR network by enlarging an image of ``side`` pixels; its statistics stay as they are.

    Raises:
        UserError: the network refuses such an image, or its output is no image, or no whole multiple of it.
    """
    return _scale_between(network, side, _tried(network, side))


def _refuse_another_scale(network: nn.Module, scale: int, side: int = 16) -> None:
    try:
        output = _tried(network, side)
    except UserError:  # it may only take larger images
        return
    found = _scale_between(network, side, output)
    if found != scale:
        raise UserError(f"The config of {type(network).__name__} says scale={scale}, but it makes images x{found}.")


@torch.no_grad()
def _tried(network: nn.Module, side: int) -> Any:
    training = network.training
    weight = next(network.parameters(), torch.empty(0))
    try:
        return network.eval()(weight.new_zeros(1, channels_of(network), side, side))
    except Exception as error:  # the network may be anybody's
        raise UserError(
            f"The config of {type(network).__name__} has no 'scale', and it cannot be tried on {side}x{side} pixels: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        network.train(training)


def _scale_between(network: nn.Module, side: int, output: Any) -> int:
    name, channels = type(network).__name__, channels_of(network)
    if not isinstance(output, Tensor) or output.shape[:2] != (1, channels):
        found = tuple(output.shape) if isinstance(output, Tensor) else f"a {type(output).__name__}"
        raise UserError(
            f"{name} made {found} of an image {(1, channels, side, side)}; an SR network makes a tensor "
            f"(N, {channels}, s*h, s*w). Wrap a network that returns more in a module that returns only the image."
        )
    height, width = output.shape[-2:]
    if height != width or height % side or not height:
        raise UserError(f"{name} makes {height}x{width} of {side}x{side} pixels: no whole scale.")
    return int(height // side)


def builtin_types(config: Any) -> Any:
    """Returns a config as builtin dicts, lists and tuples, which a checkpoint can hold without pickled classes."""
    if isinstance(config, dict):
        return {str(key): builtin_types(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(builtin_types(value) for value in config)
    return config
