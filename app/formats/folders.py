"""A PNG for every digit, in a folder for every class, zipped."""

from collections.abc import Iterator
from typing import IO

from app.datasets import Dataset
from app.formats.zips import writing
from app.images import Digits, png


def picture_name(label: int, index: int, count: int) -> str:
    """Where digit `index` of `count` lies: a folder for each class, and the index as the file's name.

    Names have seven places, or as many as the last index, so that their order is the digits' order.
    """
    return f"{label}/{index:0{max(7, len(str(count - 1)))}d}.png"


def write_folders(out: IO[bytes], dataset: Dataset, digits: Iterator[Digits]) -> Iterator[None]:
    """A zip file of a folder for each class."""
    with writing(out, dataset.manifest_json) as archive:
        for span in dataset.chunks():
            for index, label, digit in zip(span, dataset.labels_of(span), next(digits), strict=True):
                archive.add(picture_name(label, index, dataset.count), png(digit))
            yield
