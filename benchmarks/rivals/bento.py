"""The same generator behind BentoML: `bentoml serve benchmarks.rivals.bento:Digits`."""

from typing import Annotated

import bentoml
from bentoml.validators import ContentType

from benchmarks.rivals import draw, load


@bentoml.service(workers=2)
class Digits:
    """Draws digits, one request at a time in each process, as BentoML does unless told otherwise."""

    def __init__(self) -> None:
        self.generator = load()

    @bentoml.api(route="/generate")
    def generate(self) -> Annotated[bytes, ContentType("image/png")]:
        """A fresh digit."""
        return draw(self.generator, 1)[0]
