"""/dataset: its four layouts, what it says about them, and that it streams."""

import io
import json
import zipfile

import numpy as np
import pytest
from conftest import canonical, pixels
from PIL import Image
from pyarrow import parquet

from app.datasets import CHUNK
from app.formats import FORMATS
from app.formats.folders import picture_name
from app.formats.table import GROUPS, row_group
from training import data


def fetched(client, query: str) -> bytes:
    response = client.get(f"/dataset?{query}")
    assert response.status_code == 200, response.text
    return response.data


def arrays(client, query: str) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(fetched(client, query))) as file:
        return {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}


def digits_of(client, query: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of the whole set, in order, out of its npz."""
    of = arrays(client, query)
    return np.concatenate([of["x_train"], of["x_test"]]), np.concatenate([of["y_train"], of["y_test"]])


def test_npz_has_the_layout_of_keras_and_balanced_classes(client):
    of = arrays(client, "per_class=70&seed=1")
    assert {name: (array.shape, array.dtype.name) for name, array in of.items()} == {
        "x_train": ((600, 28, 28), "uint8"),
        "y_train": ((600,), "uint8"),
        "x_test": ((100, 28, 28), "uint8"),
        "y_test": ((100,), "uint8"),
    }
    assert np.bincount(of["y_train"]).tolist() == [60] * 10
    assert np.bincount(of["y_test"]).tolist() == [10] * 10
    assert (of["x_train"][:, 0, 0] == of["y_train"]).all()  # the fake writes each label into its picture
    assert (of["x_test"][:, 0, 0] == of["y_test"]).all()


@pytest.mark.parametrize(
    ("query", "train", "test"),
    [("count=1", 1, 0), ("count=19", 19, 0), ("count=25", 15, 10), ("per_class=8", 60, 20), ("digit=3&count=7", 6, 1)],
)
def test_a_seventh_of_each_class_is_for_testing(client, query, train, test):
    of = arrays(client, f"{query}&seed=1")
    assert (len(of["x_train"]), len(of["x_test"])) == (train, test)
    counts = np.bincount(np.concatenate([of["y_train"], of["y_test"]]))
    assert np.ptp(counts[counts > 0]) <= 1


def labelled(images: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    """Each image with its label, in no order: `load` shuffles."""
    return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))


def test_idx_has_the_four_files_of_mnist(client, tmp_path):
    zipfile.ZipFile(io.BytesIO(fetched(client, "per_class=14&seed=1&format=idx"))).extractall(tmp_path)
    read, of = data.load(str(tmp_path)), arrays(client, "per_class=14&seed=1")
    assert labelled(read.train_images, read.train_labels) == labelled(of["x_train"], of["y_train"])
    assert labelled(read.test_images, read.test_labels) == labelled(of["x_test"], of["y_test"])


def test_png_has_a_folder_for_each_class(client):
    archive = zipfile.ZipFile(io.BytesIO(fetched(client, "count=35&seed=1&format=png")))
    assert archive.testzip() is None
    images, labels = digits_of(client, "count=35&seed=1")
    names = [f"{label}/{index:07d}.png" for index, label in enumerate(labels)]
    assert archive.namelist() == ["manifest.json", *names]
    assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    np.testing.assert_array_equal([np.asarray(Image.open(archive.open(name))) for name in names], images)


def test_parquet_is_an_image_data_set_of_hugging_face(client):
    table = parquet.read_table(io.BytesIO(fetched(client, "per_class=70&seed=1&format=parquet")))
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert features["label"] == {"_type": "ClassLabel", "names": list("0123456789")}
    assert str(table.schema.field("image").type) == "struct<bytes: binary, path: string>"
    assert str(table.schema.field("label").type) == "int64"
    images, labels = digits_of(client, "per_class=70&seed=1")
    pictures = [Image.open(io.BytesIO(row["bytes"])) for row in table["image"].to_pylist()]
    np.testing.assert_array_equal([np.asarray(picture) for picture in pictures], images)
    assert table["label"].to_pylist() == labels.tolist()


def manifest(content: bytes, kind: str) -> dict:
    if kind == "parquet":
        return json.loads(parquet.read_schema(io.BytesIO(content)).metadata[b"manifest"])
    return json.loads(zipfile.ZipFile(io.BytesIO(content)).read("manifest.json"))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_manifest_says_where_the_digits_come_from(app, client, kind):
    app.extensions["digitsmith"]["digitsmith"].card["evaluation"] = {"readable": 0.98}
    told = manifest(fetched(client, f"count=25&seed=5&truncation=0.5&format={kind}"), kind)
    assert told == {
        "version": 3,
        "model": "digitsmith",
        "weights_sha256": "0" * 64,
        "seed": 5,
        "truncation": 0.5,
        "digit": None,
        "counts": {"all": 25, "train": 15, "test": 10},
        "per_class": {str(label): 3 if label < 5 else 2 for label in range(10)},
        "evaluation": {"readable": 0.98},
    }


def test_a_digit_is_the_same_as_everywhere_else(client):
    images, labels = digits_of(client, "per_class=20&seed=5")
    number = pixels(client.get("/number/01234567890123456789?seed=5"))
    assert labels[:20].tolist() == list(range(10)) * 2
    np.testing.assert_array_equal(np.hstack(images[:20]), number)
    sevens, _ = digits_of(client, "digit=7&count=4&seed=5&truncation=0.5")
    sheet = pixels(client.get("/generate?digit=7&count=4&columns=4&seed=5&truncation=0.5"))
    np.testing.assert_array_equal(np.hstack(sevens), sheet)


def test_a_digit_does_not_depend_on_how_many_are_asked_for(client):
    few, _ = digits_of(client, f"count={CHUNK // 2}&seed=5")
    many, _ = digits_of(client, f"count={3 * CHUNK + 1}&seed=5")
    np.testing.assert_array_equal(many[: len(few)], few)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_url_gives_the_same_bytes_and_another_seed_others(client, kind):
    content = fetched(client, f"count=40&seed=1&format={kind}")
    assert fetched(client, f"count=40&seed=1&format={kind}") == content
    assert fetched(client, f"count=40&seed=2&format={kind}") != content


@pytest.mark.parametrize(
    ("kind", "mimetype", "name"),
    [
        ("npz", "application/octet-stream", "digitsmith-digit7-seed5-30-truncation0.5.npz"),
        ("idx", "application/zip", "digitsmith-digit7-seed5-30-truncation0.5.idx.zip"),
        ("png", "application/zip", "digitsmith-digit7-seed5-30-truncation0.5.png.zip"),
        ("parquet", "application/vnd.apache.parquet", "digitsmith-digit7-seed5-30-truncation0.5.parquet"),
    ],
)
def test_it_says_what_it_is_and_where_it_comes_from(client, kind, mimetype, name):
    query = f"digit=7&seed=5&per_class=30&truncation=0.5&format={kind}"
    made = client.get(f"/dataset?{query}")
    assert made.content_type == mimetype
    assert made.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (made.headers["X-Seed"], made.headers["X-Model"]) == ("5", "digitsmith")
    assert client.get(canonical(made)).data == made.data


def test_without_a_seed_one_is_chosen_told_and_not_cached(client):
    fresh = client.get("/dataset?count=3")
    assert fresh.headers["Cache-Control"] == "no-store"
    assert "ETag" not in fresh.headers
    assert fresh.headers["X-Seed"] != client.get("/dataset?count=3").headers["X-Seed"]
    assert fetched(client, f"count=3&seed={fresh.headers['X-Seed']}") == fresh.data


def test_whatever_changes_the_bytes_changes_the_etag(app, client, monkeypatch):
    def etag(query: str = "") -> str:
        return client.head(f"/dataset?count=30&seed=5{query}").headers["ETag"]

    queries = ("", "&format=idx", "&format=png", "&format=parquet", "&digit=3", "&truncation=0.5")
    tags = [etag(query) for query in queries]
    tags += [client.head(f"/dataset?{query}").headers["ETag"] for query in ("count=30&seed=6", "count=31&seed=5")]
    app.extensions["digitsmith"]["digitsmith"].card["sha256"]["generator.keras"] = "1" * 64
    tags.append(etag())
    monkeypatch.setattr("app.formats._versions", lambda: ["another library"])
    tags.append(etag())
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    assert len({*tags, etag()}) == len(tags) + 1


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("count=0", "count is '0'; it must be a whole number above 0."),
        ("per_class=x", "per_class is 'x'"),
        ("count=100001", "count is 100001; it must be a whole number from 1 to 100000 on this server."),
        ("per_class=10001", "per_class is 10001; it must be a whole number from 1 to 10000 on this server."),
        ("per_class=100001&digit=3", "per_class is 100001; it must be a whole number from 1 to 100000 on this server."),
        ("per_class=2&count=20", "per_class is 2; it must be left out where count is given."),
        ("format=csv", "format is 'csv'; it must be one of npz, idx, png, parquet."),
        ("digit=10", "digit is 10; it must be a whole number from 0 to 9."),
        ("seed=-1", "seed is '-1'"),
        ("truncation=0", "truncation is '0'"),
        ("scale=2", "'scale' is not a parameter here; there are"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(client, query, says):
    response = client.get(f"/dataset?{query}")
    assert response.status_code == 422
    assert says in response.get_json()["detail"]
    assert response.get_json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_the_largest_answer_is_a_setting(app, client):
    app.config["MAX_DATASET"] = 30
    assert client.head("/dataset?per_class=3").status_code == 200
    assert "from 1 to 3 on this server" in client.get("/dataset?per_class=4").get_json()["detail"]
    default = client.get("/dataset").get_json()["detail"]
    assert default == "per_class is left out, which means 100; it must be a whole number from 1 to 3 on this server."
    app.config["MAX_DATASET"] = 5
    assert (
        "count is left out, which means 1000 here; it must be a whole number from 1 to 5"
        in client.get("/dataset").get_json()["detail"]
    )


@pytest.mark.parametrize("query", ["", "&digit=3"])
def test_a_model_without_labels_makes_no_labelled_data_set(client, query):
    response = client.get(f"/dataset?model=mlp{query}")
    assert response.status_code == 409
    assert "ask digitsmith instead" in response.get_json()["detail"]
    assert client.get("/dataset?model=x").status_code == 404


def test_names_sort_as_the_digits_do_however_many_there_are():
    assert picture_name(3, 12, 10**7) == "3/0000012.png"
    assert picture_name(3, 12, 10**8) == "3/00000012.png"


@pytest.mark.parametrize("count", [10**4, 10**7, 12_799_999, 10**8])
def test_the_row_groups_of_a_parquet_are_never_more_than_the_memory_of_their_places_allows(count):
    assert count / CHUNK / row_group(count) <= GROUPS
    assert count > 10**7 or row_group(count) == 4  # the layout of those that were drawn before
