"""The server of the usual tutorial: Flask, and `model.predict` on TensorFlow for each request."""

import io

import keras
import numpy as np
from flask import Flask, Response
from PIL import Image

from benchmarks.rivals import MODEL

app = Flask(__name__)
model = keras.saving.load_model(MODEL / "generator.keras", compile=False)
latent_dim = model.inputs[0].shape[1]


@app.get("/generate")
def generate() -> Response:
    """A fresh digit."""
    noise = np.random.normal(0, 1, (1, latent_dim))
    image = model.predict({"latent": noise, "label": np.random.randint(0, 10, 1)}, verbose=0)
    buffer = io.BytesIO()
    Image.fromarray((image[0, :, :, 0] * 255).astype(np.uint8)).save(buffer, "PNG")
    return Response(buffer.getvalue(), mimetype="image/png")
