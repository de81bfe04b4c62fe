"""The hierarchical autoencoder of LUD-VAE: one content for both domains, latents for the degradation of ``real``."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

LOG_DEVIATIONS = (-10.0, 2.0)  # bounds of latents, against overflow at the start of a training


class TwoDomainVAE(nn.Module):
    """Encodes content and degradation on several levels at full resolution, and decodes them from the top level down.

    Content is encoded from an image with noise, which hides what distinguishes the domains: only then can one encoder
    serve both. An image of the domain ``syn`` is decoded from its content only, one of ``real`` from its content and
    latents: those of the image itself, or latents drawn from their prior, which is conditional on the content.

    Args:
        channels: number of feature maps, and of latents on each level.
        levels: number of levels.
        layers: number of 3x3 convolutions of a block; each level has one block in each encoder and one in the decoder.
    """

    def __init__(self, channels: int, levels: int, layers: int) -> None:
        super().__init__()
        self.content = _Encoder(channels, levels, layers)
        self.degradation = _Encoder(channels, levels, layers)
        self.levels = nn.ModuleList(_Level(channels, layers, top=i == 0) for i in range(levels))
        self.tail = nn.Sequential(_block(channels, layers), nn.Conv2d(channels, 3, 1))

    def forward(self, image: Tensor, hidden: float = 0.0, temperature: float = 1.0) -> Tensor:
        """Translates images of ``syn`` to ``real``, with latents drawn from their prior.

        Args:
            image: ``(N, 3, h, w)`` in [0, 1].
            hidden: standard deviation of the noise in which the content is encoded, in units of [0, 1].
            temperature: factor of the standard deviations of the prior; 0 takes its means.
        """
        contents = self._contents(image, hidden)
        x = contents[0]
        for level, content in zip(self._levels, contents, strict=True):
            x = level.degraded(x, content, temperature)
        return self._image(x, image)

    def clean(self, image: Tensor, hidden: float) -> Tensor:
        """Reconstructs images of ``syn`` ``(N, 3, h, w)`` from their content."""
        contents = self._contents(image, hidden)
        x = contents[0]
        for level, content in zip(self._levels, contents, strict=True):
            x = level.clean(x, content)
        return self._image(x, image)

    def reconstructed(self, image: Tensor, hidden: float) -> tuple[Tensor, Tensor]:
        """Reconstructs images of ``real`` ``(N, 3, h, w)`` from their content and their latents.

        Returns:
            The images, and the KL divergence of the latents from their prior for each value of the images, a scalar.
        """
        contents, degradations = self._contents(image, hidden), self.degradation(image)[::-1]
        x = contents[0]
        divergences: list[Tensor] = []
        for level, content, degradation in zip(self._levels, contents, degradations, strict=True):
            x, divergence = level.inferred(x, content, degradation)
            divergences.append(divergence)
        return self._image(x, image), torch.stack(divergences).sum() / image.numel()

    @property
    def _levels(self) -> list["_Level"]:
        return cast(list[_Level], list(self.levels))

    def _contents(self, image: Tensor, hidden: float) -> list[Tensor]:
        """Returns the features of the content, the top level first."""
        features: list[Tensor] = self.content(image + hidden * torch.randn_like(image))
        return features[::-1]

    def _image(self, features: Tensor, like: Tensor) -> Tensor:
        image: Tensor = self.tail(features)
        return image.to(like.dtype)


class _Encoder(nn.Module):
    """Features ``(N, channels, h, w)`` of an image on each level, the lowest level first."""

    def __init__(self, channels: int, levels: int, layers: int) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, channels, 1)
        self.blocks = nn.ModuleList(_block(channels, layers) for _ in range(levels))

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.head(image)
        features: list[Tensor] = []
        for block in self.blocks:
            x = block(x)
            features.append(x)
        return features


class _Level(nn.Module):
    """A level of the decoder, with the prior and the posterior of its latents.

    Args:
        top: there is no level above, and what is given as such is ignored; the prior is N(0, 1), and the posterior
            depends on the degradation only.
    """

    def __init__(self, channels: int, layers: int, top: bool) -> None:
        super().__init__()
        self.top = top
        self.posterior = nn.Conv2d(channels, 2 * channels, 1)
        self.with_latent = nn.Conv2d(2 * channels, channels, 1)
        if not top:
            self.block = _block(channels, layers)
            self.with_content = nn.Conv2d(2 * channels, channels, 1)
            self.with_degradation = nn.Conv2d(2 * channels, channels, 1)
            self.prior = nn.Conv2d(channels, 2 * channels, 1)

    def clean(self, above: Tensor, content: Tensor) -> Tensor:
        """Returns the features of an image without degradation."""
        x = self._features(above, content)
        return self._joined(x, torch.zeros_like(x))

    def degraded(self, above: Tensor, content: Tensor, temperature: float) -> Tensor:
        """Returns the features of an image with a degradation drawn from the prior."""
        x = self._features(above, content)
        prior = self._prior(x)
        return self._joined(x, prior.mean + temperature * prior.stddev * torch.randn_like(x))

    def inferred(self, above: Tensor, content: Tensor, degradation: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the features of an image with its own degradation, and the KL divergence summed over the latents."""
        x = self._features(above, content)
        seen = degradation if self.top else self._merged(self.with_degradation, x, degradation)
        posterior = _normal(self.posterior(seen))
        return self._joined(x, posterior.rsample()), kl_divergence(posterior, self._prior(x)).sum()

    def _features(self, above: Tensor, content: Tensor) -> Tensor:
        return content if self.top else self._merged(self.with_content, self.block(above), content)

    def _prior(self, x: Tensor) -> Normal:
        if self.top:
            return Normal(torch.zeros_like(x), torch.ones_like(x), validate_args=False)
        return _normal(self.prior(x))

    def _joined(self, x: Tensor, latent: Tensor) -> Tensor:
        return self._merged(self.with_latent, x, latent)

    def _merged(self, layer: nn.Module, x: Tensor, other: Tensor) -> Tensor:
        merged: Tensor = layer(torch.cat([x, other], dim=1))
        return merged


def _normal(mean_and_log_deviation: Tensor) -> Normal:
    exact = mean_and_log_deviation.to(torch.promote_types(mean_and_log_deviation.dtype, torch.float32))
    mean, log_deviation = exact.chunk(2, dim=1)
    return Normal(mean, log_deviation.clamp(*LOG_DEVIATIONS).exp(), validate_args=False)


def _block(channels: int, layers: int) -> nn.Sequential:
    """3x3 convolutions with ReLU between them."""
    first = [
        nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(inplace=True)) for _ in range(layers - 1)
    ]
    return nn.Sequential(*first, nn.Conv2d(channels, channels, 3, padding=1))
