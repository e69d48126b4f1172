"""The settings of a training run, and the three presets that give them their defaults."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from training.cards import NUMBER, WORDS, is_of
from training.errors import TrainingError

LOSSES = ("non-saturating", "minimax", "relativistic")
PRECISIONS = ("float32", "bfloat16")
MOST_IMAGES = 10**12


def _setting(help_text: str, **limits: Any) -> Any:
    return field(metadata={"help": help_text, **limits})


def option(name: str) -> str:
    """The option that gives a setting."""
    return f"--{name.replace('_', '-')}"


def _check(setting: Field[Any], value: Any) -> None:
    """Raises TrainingError when a setting is not of its type, or beyond its limits."""
    limits = setting.metadata
    if "choices" in limits:
        wanted, fits = f"one of {', '.join(limits['choices'])}", value in limits["choices"]
    else:
        kind = int if setting.type is int else NUMBER
        wanted = f"{WORDS[kind]} from {limits['min']} to {limits['max']}"
        fits = is_of(value, kind) and limits["min"] <= value <= limits["max"]
    if not fits:
        raise TrainingError(f"{option(setting.name)} is {value!r:.40}; it must be {wanted}.")


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run computes; stored in its checkpoints and in the model's card.

    Lengths are counted in images seen: real images shown to the discriminator.
    """

    preset: str
    images: int = _setting("Length of the training, in images seen.", min=1, max=MOST_IMAGES)
    batch_size: int = _setting("Real images in one step.", min=1, max=2**16)
    latent_dim: int = _setting("Size of the latent.", min=1, max=2**12)
    generator_width: int = _setting("Width of the generator's layers.", min=2, max=2**12)
    discriminator_width: int = _setting("Width of the discriminator's layers.", min=2, max=2**12)
    loss: str = _setting("The game that is played.", choices=LOSSES)
    generator_lr: float = _setting("Adam's learning rate for the generator.", min=0, max=10)
    discriminator_lr: float = _setting("Adam's learning rate for the discriminator.", min=0, max=10)
    final_lr: float = _setting("Share of both learning rates left at the end of their cosine.", min=0, max=1)
    warmup_images: int = _setting(
        "Images over which the learning rates rise from zero, at most a tenth of the run's.", min=0, max=MOST_IMAGES
    )
    beta_1: float = _setting("Adam's decay of the gradient's mean.", min=0, max=0.999999)
    beta_2: float = _setting("Adam's decay of the gradient's square.", min=0, max=0.999999)
    gamma: float = _setting(
        "Weight of the R1 and R2 penalties at the start; 0 at both ends leaves them out.", min=0, max=1e6
    )
    final_gamma: float = _setting("Weight of the penalties at the end of their cosine.", min=0, max=1e6)
    penalty_every: int = _setting("Steps from one penalty to the next.", min=1, max=2**16)
    mismatch: float = _setting(
        "Weight of the loss for real images under a wrong label; 0 at both ends leaves it out.", min=0, max=1e6
    )
    final_mismatch: float = _setting("Weight of that loss at the end of its cosine.", min=0, max=1e6)
    drift: float = _setting(
        "Weight of real images' squared logits, which keeps their level near zero; 0 leaves it out.", min=0, max=1e6
    )
    average_images: int = _setting(
        "Half-life of the generator's moving average, in images, at most a twentieth of those seen; 0 keeps none.",
        min=0,
        max=MOST_IMAGES,
    )
    emphasis: float = _setting(
        "How much more often the last tenth shows digits that are hard to learn from generated ones; 0 leaves it out.",
        min=0,
        max=1e6,
    )
    latent_gain: float = _setting("Factor of the finished generator's latents.", min=0.5, max=2)
    precision: str = _setting("Arithmetic of the hidden layers.", choices=PRECISIONS)
    seed: int = _setting("Seed of the weights, batches and latents.", min=0, max=2**31 - 1)

    def __post_init__(self) -> None:
        """Refuse settings that cannot be or do not go together, wherever they come from. Raises TrainingError."""
        for setting in fields(self)[1:]:
            _check(setting, getattr(self, setting.name))
        if PRESETS[self.preset].conditional:
            return
        if self.mismatched:
            weights = f"--mismatch is {self.mismatch} and --final-mismatch {self.final_mismatch}"
            raise TrainingError(f"{weights}; both must be 0 for {self.preset}, which takes no labels.")
        if self.emphasis:
            raise TrainingError(
                f"--emphasis is {self.emphasis}; it must be 0 for {self.preset}, which takes no labels."
            )

    @property
    def steps(self) -> int:
        """Steps that show the discriminator at least `images` real images."""
        return -(-self.images // self.batch_size)

    @property
    def warmup_steps(self) -> int:
        """Steps over which the learning rates rise; a run too short for its warm-up would never reach them."""
        return min(self.warmup_images // self.batch_size, self.steps // 10)

    @property
    def penalised(self) -> bool:
        """Whether the discriminator's slopes are ever penalised."""
        return max(self.gamma, self.final_gamma) > 0

    @property
    def mismatched(self) -> bool:
        """Whether the discriminator is ever shown real images under a wrong label."""
        return max(self.mismatch, self.final_mismatch) > 0


@dataclass(frozen=True)
class Preset:
    """A named recipe: its title for people, whether it is told the label, and its default settings."""

    title: str
    conditional: bool
    defaults: Mapping[str, Any]


# Radford et al. 2015 for Adam; no penalty, no average, constant learning rates.
_CLASSIC = {
    "batch_size": 128,
    "latent_dim": 100,
    "loss": "non-saturating",
    "generator_lr": 2e-4,
    "discriminator_lr": 2e-4,
    "final_lr": 1.0,
    "warmup_images": 0,
    "beta_1": 0.5,
    "beta_2": 0.999,
    "gamma": 0.0,
    "final_gamma": 0.0,
    "penalty_every": 1,
    "mismatch": 0.0,
    "final_mismatch": 0.0,
    "drift": 0.0,
    "average_images": 0,
    "emphasis": 0.0,
    "latent_gain": 1.0,
    "precision": "float32",
    "seed": 1,
}

PRESETS = {
    "mlp": Preset(
        title="Multi-layer perceptrons, after the GAN of 2014",
        conditional=False,
        defaults=_CLASSIC | {"images": 6_000_000, "generator_width": 256, "discriminator_width": 256},
    ),
    "dcgan": Preset(
        title="Transposed convolutions, after the DCGAN of 2015",
        conditional=False,
        defaults=_CLASSIC | {"images": 1_800_000, "generator_width": 64, "discriminator_width": 64},
    ),
    # Huang et al. 2024 (arXiv 2501.05441), made conditional and small enough for two processor cores.
    "digitsmith": Preset(
        title="Digitsmith: conditional, residual, relativistic",
        conditional=True,
        defaults={
            "images": 10_000_000,
            "batch_size": 32,
            "latent_dim": 64,
            "generator_width": 16,
            "discriminator_width": 32,
            "loss": "relativistic",
            "generator_lr": 5e-4,
            "discriminator_lr": 5e-4,
            "final_lr": 0.1,
            "warmup_images": 25_600,
            "beta_1": 0.0,
            "beta_2": 0.99,
            "gamma": 1.0,
            "final_gamma": 0.2,
            "penalty_every": 4,
            "mismatch": 0.2,
            "final_mismatch": 0.01,
            "drift": 0.001,  # without it a long run gets away
            "average_images": 150_000,
            "emphasis": 0.0,
            "latent_gain": 1.025,  # without it digits are a little too alike
            "precision": "bfloat16",
            "seed": 1,
        },
    ),
}


def settings_for(preset: str, changes: Mapping[str, Any]) -> Settings:
    """The preset's defaults with `changes` applied; a change of None counts as none.

    Raises: TrainingError when they do not go together.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    return Settings(preset=preset, **{**PRESETS[preset].defaults, **given})
