"""A fake generator and a fake discriminator, whose answers tell what they were asked, and an app over them."""

import numpy as np
from flask import Flask

from app import create_app, discriminator, generator
from app.catalogue import Catalogue, Model
from app.discriminator import Discriminator
from app.generator import Generator
from app.runtime import Runtime


def fake_images(inputs):
    """Images that tell their inputs: row 0 is as dark as the label, the middle comes from the latent."""
    latents = inputs["latent"]
    images = np.zeros((len(latents), 28, 28, 1), np.float32)
    images[:, 1:27, 1:27, 0] = (1 / (1 + np.exp(-latents.mean(axis=1))))[:, None, None]
    images[:, 1:27, 1, 0] = 1 / (1 + np.exp(-latents[:, np.arange(26) % latents.shape[1]]))
    if "label" in inputs:
        images[:, 0, :, 0] = inputs["label"][:, None] / 255
    return images


def fake_logits(inputs):
    """Logits that tell their inputs: the ink of the picture, and a tenth for every step from the label it shows."""
    images = inputs["image"]
    shown = images[:, 0, 0, 0] * 255
    away = np.abs(inputs["label"] - shown) / 10 if "label" in inputs else 0
    return (images.mean(axis=(1, 2, 3)) - away).astype(np.float32)


def fake_model(name: str, classes: int | None) -> Model:
    """A model whose digits tell their label, and whose discriminator finds it."""
    card = {"title": f"A fake called {name}", "conditional": classes is not None, "classes": classes or 10}
    card |= {"sha256": {"generator.keras": "0" * 64}, "evaluation": None, "dataset": {"name": "mnist"}}
    percentiles = {"all": np.linspace(-1, 1, 101).tolist()}
    percentiles["per_class"] = [percentiles["all"]] * (classes or 10)
    loss = "relativistic" if classes else "non-saturating"
    return Model(
        name,
        card,
        Generator(Runtime(dict.fromkeys(generator.BATCH_SIZES, fake_images)), latent_dim=8, classes=classes),
        Discriminator(Runtime(dict.fromkeys(discriminator.BATCH_SIZES, fake_logits)), percentiles, classes, loss),
    )


def fake_app(**settings: object) -> Flask:
    """The app over two fakes: `digitsmith`, which takes labels, and `mlp`, which does not."""
    return create_app(settings, Catalogue([fake_model("mlp", None), fake_model("digitsmith", 10)]))
