"""The stages of training (Sec. 4.1: both parts are pre-trained, then they train together)."""

from enum import Enum


class Stage(Enum):
    """What a training step updates."""

    TRANSLATION = "translation"  # only the translator, Eq. (2)
    SR = "sr"  # only the SR network, on (syn, hr)
    SR_ON_FAKE = "sr_on_fake"  # only the SR network, on (fake_real, hr) of a fixed translator (Table 3, "separated")
    JOINT = "joint"  # both, Eq. (4) or (5)

    @property
    def uses_translator(self) -> bool:
        """Whether the SR network learns the translator's degradation in this stage."""
        return self in (Stage.SR_ON_FAKE, Stage.JOINT)

    @property
    def trains_translator(self) -> bool:
        """Whether the translator moves in this stage."""
        return self in (Stage.TRANSLATION, Stage.JOINT)
