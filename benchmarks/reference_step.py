"""The reference of train_step.py: a plain joint training step in the order of the method's released code.

It computes in float32 on contiguous images, with plain Adam. It steps the discriminators, then the generators with
feedback, then the SR network, whose forward pass runs a second time. As in the release, the SR network is frozen only
after its first forward pass, so its gradients are computed there although they are not used. The networks are those of
cyclesr, so that only the step differs.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from cyclesr.models.collaborative import CollaborativeSR

Images = dict[str, Tensor]


class ReferenceStep:
    """Trains the networks of a CollaborativeSR whose translator is a CycleGAN or a UNIT.

    Args:
        model: the model. Its networks are used, but not its ``train_step``.
        clip: maximum norm of a part's gradient, as in the release.
    """

    def __init__(self, model: CollaborativeSR, clip: float = 50.0) -> None:
        self.model, self.clip = model, clip
        self.translate = _cyclegan if type(model.translator).__name__ == "CycleGAN" else _unit
        parts = dict(
            generators=model.translator.generators, discriminators=model.translator.discriminators, sr=model.sr
        )
        self.parts: dict[str, nn.Module] = parts
        self.adams = {
            name: torch.optim.Adam(part.parameters(), lr=2e-4, betas=(0.9, 0.999), foreach=False, fused=False)
            for name, part in parts.items()
        }

    def __call__(self, hr: Tensor, real: Tensor) -> None:
        """Takes one step on ``hr`` ``(N, 3, s*h, s*w)`` and ``real`` ``(N, 3, h, w)``."""
        self._train("discriminators", "generators", "sr")
        syn = self.model.degradation(hr)
        images, losses = self.translate(self.model.translator, syn, real)
        sr = self.model.sr(images["fake_real"])
        self._step("discriminators", self._judge(dict(real=real, syn=syn), images))
        self._train("generators")  # too late for the SR network: its graph exists, so unused gradients are computed
        adversarial = [
            sum(F.mse_loss(scale, torch.ones_like(scale)) for scale in self._scales(key, images[f"fake_{key}"]))
            for key in ("real", "syn")
        ]
        feedback = self.model.feedback_weight * F.mse_loss(sr, hr)
        self._step("generators", sum(adversarial) + sum(losses) + feedback)
        self._train("sr")
        self._step("sr", self.model.sr_loss(self.model.sr(images["fake_real"].detach()), hr))

    def _judge(self, truths: Images, images: Images) -> Tensor:
        total = torch.zeros((), device=truths["real"].device)
        for key, truth in truths.items():
            pools = getattr(self.model.translator, "pools", None)
            fake = images[f"fake_{key}"].detach()
            shown = pools[key](fake) if pools is not None else fake
            for scale in self._scales(key, truth):
                total = total + 0.5 * F.mse_loss(scale, torch.ones_like(scale))
            for scale in self._scales(key, shown):
                total = total + 0.5 * F.mse_loss(scale, torch.zeros_like(scale))
        return total

    def _scales(self, key: str, image: Tensor) -> list[Tensor]:
        logits = self.model.translator.discriminators[key](image)
        return [logits] if isinstance(logits, Tensor) else list(logits)

    def _train(self, *names: str) -> None:
        for name, part in self.parts.items():
            part.requires_grad_(name in names)

    def _step(self, name: str, loss: Tensor) -> None:
        self.adams[name].zero_grad()
        loss.backward()
        clip_grad_norm_(self.parts[name].parameters(), self.clip)
        self.adams[name].step()


def _cyclegan(translator: nn.Module, syn: Tensor, real: Tensor) -> tuple[Images, list[Tensor]]:
    g1, g2 = translator.generators["to_real"], translator.generators["to_syn"]
    fake_real, fake_syn = g1(syn), g2(real)
    cycles = F.l1_loss(g2(fake_real), syn) + F.l1_loss(g1(fake_syn), real)
    identity = F.l1_loss(g1(real), real) + F.l1_loss(g2(syn), syn)
    return dict(fake_real=fake_real, fake_syn=fake_syn), [10 * cycles, 5 * identity]


def _unit(translator: nn.Module, syn: Tensor, real: Tensor) -> tuple[Images, list[Tensor]]:
    g1, g2 = translator.generators["to_real"], translator.generators["to_syn"]
    means = [g1.encoder(syn), g2.encoder(real)]
    code_syn, code_real = (mean + torch.randn_like(mean) for mean in means)
    fake_real, fake_syn = g1.decoder(code_syn, syn), g2.decoder(code_real, real)
    same = F.l1_loss(g2.decoder(code_syn, syn), syn) + F.l1_loss(g1.decoder(code_real, real), real)
    again = [g2.encoder(fake_real), g1.encoder(fake_syn)]
    rec_syn = g2.decoder(again[0] + torch.randn_like(again[0]), fake_real)
    rec_real = g1.decoder(again[1] + torch.randn_like(again[1]), fake_syn)
    cycles = F.l1_loss(rec_syn, syn) + F.l1_loss(rec_real, real)
    latent = [0.01 * mean.square().mean() for mean in means + again]
    return dict(fake_real=fake_real, fake_syn=fake_syn), [10 * same, 10 * cycles, *latent]
