"""Parquet: a row for each digit, which Hugging Face's `datasets` reads as images with labels."""

import json
from collections.abc import Iterator
from typing import IO, Any

from app.datasets import CHUNK, Dataset
from app.formats.folders import picture_name
from app.images import Digits, png

GROUP = 4  # chunks in a row group, at least; each is sent at once
GROUPS = 20_000  # at most, for each takes 7 KB of memory until the file ends


def write_parquet(out: IO[bytes], dataset: Dataset, digits: Iterator[Digits]) -> Iterator[None]:
    """Columns `image` ({bytes, path}) and `label`, with a row group for every few chunks; the manifest is metadata."""
    import pyarrow  # here, for it takes 50 MB of memory that no other request needs
    from pyarrow.parquet import ParquetWriter

    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    metadata = {"manifest": dataset.manifest_json, "huggingface": json.dumps(_features(dataset))}
    schema = pyarrow.schema([("image", image), ("label", pyarrow.int64())], metadata)
    # A PNG is compressed already, no two are alike, and which is the least of them tells no one anything.
    as_it_is: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": ["label"]}
    full = row_group(dataset.count)
    with ParquetWriter(out, schema, **as_it_is) as writer:
        group = []
        for span in dataset.chunks():
            labels = dataset.labels_of(span)
            pictures = pyarrow.array([png(digit) for digit in next(digits)], pyarrow.binary())
            known = [picture_name(label, index, dataset.count) for label, index in zip(labels, span, strict=True)]
            names = pyarrow.array(known, pyarrow.string())
            images = pyarrow.StructArray.from_arrays([pictures, names], fields=list(image))
            group.append(pyarrow.record_batch([images, pyarrow.array(labels, pyarrow.int64())], schema=schema))
            if len(group) == full or span.stop == dataset.count:
                writer.write_table(pyarrow.Table.from_batches(group))
                group.clear()
            yield


def row_group(count: int) -> int:
    """Chunks in each row group of so many digits."""
    return max(GROUP, -(-count // (GROUPS * CHUNK)))


def _features(dataset: Dataset) -> dict[str, Any]:
    """The columns' meaning, as `datasets` looks for it in the schema's metadata."""
    names = [str(label) for label in range(dataset.model.generator.classes or 1)]
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
    return {"info": {"features": features}}
