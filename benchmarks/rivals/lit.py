"""The same generator behind LitServe: `python -m benchmarks.rivals.lit PORT WORKERS`."""

import sys
from typing import Any

import litserve
from fastapi import Response

from benchmarks.rivals import draw, load


class Digits(litserve.LitAPI):
    """Draws a batch of digits for the requests that wait."""

    def setup(self, device: str) -> None:
        """Load the generator."""
        self.generator = load()

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        """A request is as it comes."""
        return request

    def predict(self, requests: list[dict[str, Any]]) -> list[bytes]:
        """A digit for each request."""
        return draw(self.generator, len(requests))

    def encode_response(self, output: bytes) -> Response:
        """A PNG."""
        return Response(output, media_type="image/png")


if __name__ == "__main__":
    port, workers = map(int, sys.argv[1:])
    server = litserve.LitServer(
        Digits(max_batch_size=16, batch_timeout=0.002, api_path="/generate"),
        accelerator="cpu",
        workers_per_device=workers,
    )
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")
