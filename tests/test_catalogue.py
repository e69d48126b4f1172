"""A model folder is believed only once checked: each way it can be wrong is told in one sentence."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import keras
import pytest

from app.catalogue import Catalogue, load
from app.config import ROOT
from app.exports import Exports
from app.model_folder import ModelFolderError, find


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with a copy of the shipped `digitsmith` alone."""
    shutil.copytree(ROOT / "models" / "digitsmith", tmp_path / "models" / "digitsmith")
    return tmp_path / "models"


def refusal(models: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        load(models, "", threads=1, exports=Exports(models.with_name("cache")))
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def replace_network(models: Path, model: keras.Model, file: str = "generator.keras") -> None:
    """Put another network in place, with a card that vouches for it."""
    folder = models / "digitsmith"
    model.save(folder / file)
    card = json.loads((folder / "card.json").read_text())
    card["sha256"][file] = sha256((folder / file).read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def network(latent_dim=64, side=28, activation="sigmoid", label="label") -> keras.Model:
    latent, labels = keras.Input((latent_dim,), name="latent"), keras.Input((), dtype="int32", name=label)
    x = keras.layers.Concatenate()([latent, keras.layers.Embedding(10, 4)(labels)])
    x = keras.layers.Dense(side * side, activation=activation)(x)
    return keras.Model([latent, labels], keras.layers.Reshape((side, side, 1))(x))


def test_the_shipped_model_loads(models):
    catalogue = load(models, "", threads=1, exports=Exports(models.with_name("cache")))
    assert list(catalogue) == ["digitsmith"]
    assert catalogue.default == "digitsmith"


def test_a_network_that_keeps_the_contract_is_taken(models):
    replace_network(models, network())
    assert list(load(models, "", threads=1, exports=Exports(models.with_name("cache")))) == ["digitsmith"]


FILES = ["card.json", "generator.keras", "discriminator.keras", "history.csv", "evolution/index.json"]


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file(models, file):
    (models / "digitsmith" / file).unlink()
    assert refusal(models) == f"{models / 'digitsmith' / file} cannot be read: No such file or directory."


def test_a_missing_evolution_sheet(models):
    sheet = sorted((models / "digitsmith" / "evolution").glob("*.png"))[3]
    sheet.unlink()
    assert str(sheet) in refusal(models)


@pytest.mark.parametrize("content", [b"", b"cut"])
def test_a_damaged_evolution_sheet_and_a_cut_short_history(models, content):
    sheet = sorted((models / "digitsmith" / "evolution").glob("*.png"))[3]
    sheet.write_bytes(sheet.read_bytes()[:-200] if content else b"")
    assert refusal(models) == f"{sheet} is not a whole PNG."
    (models / "digitsmith" / "history.csv").write_bytes(content)
    assert "history.csv is cut short" in refusal(models)


@pytest.mark.parametrize("cut", [3, 40])
def test_a_history_that_ends_within_a_row(models, cut):
    history = models / "digitsmith" / "history.csv"
    history.write_bytes(history.read_bytes()[:-cut])
    assert "history.csv is cut short" in refusal(models)


@pytest.mark.parametrize(
    "row", [b"1,2,3\n", b"1,2,3,4,5,6,7,8\n", b"1,2,nan,4,5,6,7\n", b"a,b,c,d,e,f,g\n", b"\xff\n", b"\0\n"]
)
def test_a_history_with_a_row_of_something_else(models, row):
    history = models / "digitsmith" / "history.csv"
    history.write_bytes(history.read_bytes() + row)
    assert str(history) in refusal(models)


@pytest.mark.parametrize("file", ["generator.keras", "discriminator.keras"])
@pytest.mark.parametrize("damage", ["cut short", "tampered"])
def test_damaged_weights(models, file, damage):
    path = models / "digitsmith" / file
    content = bytearray(path.read_bytes())
    if damage == "cut short":
        content = content[:-100]
    else:
        content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert f"{path} has SHA-256" in refusal(models)


@pytest.mark.parametrize("file", ["card.json", "evolution/index.json"])
@pytest.mark.parametrize("content", [b"", b'{"name"', b"\xff\xfe", b"[1, 2]", b"7", b"null", b"[" * 99_999])
def test_json_that_is_damaged_or_something_else(models, file, content):
    (models / "digitsmith" / file).write_bytes(content)
    assert str(models / "digitsmith" / file) in refusal(models)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("latent", {"dim": 64, "distribution": "uniform"}),
        ("latent", {"dim": "64", "distribution": "normal"}),
        ("classes", 0),
        ("conditional", None),
        ("conditional", "false"),
        ("sha256", {}),
        ("settings", {}),
        ("image", {"shape": [32, 32, 3], "range": [0, 1]}),
        ("evaluation", "good"),
        ("generator", {"mflop": 8.6}),
        ("generator", {"mflop": "few", "parameters": 300}),
        ("evaluation", {"label_accuracy": 0.9}),
        ("evaluation", {"recall": {"generated": "much", "real": 1.0}}),
        ("realness", {"logit_percentiles": {"all": list(range(101, 0, -1)), "per_class": [[0.0] * 101] * 10}}),
        ("realness", {"logit_percentiles": {"all": [0.0] * 100}}),
        ("realness", {"logit_percentiles": {"all": [0.0] * 101}}),
        ("realness", {"logit_percentiles": {"all": [0.0] * 101, "per_class": [[0.0] * 101] * 9}}),
    ],
)
def test_a_card_that_says_what_it_cannot(models, key, value):
    path = models / "digitsmith" / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    sentence = refusal(models)
    assert str(models / "digitsmith") in sentence
    assert "{" not in sentence or key == "sha256"


def test_an_index_of_nothing(models):
    (models / "digitsmith/evolution/index.json").write_text("[]")
    assert "index.json lists no sheet" in refusal(models)


def test_an_index_that_points_outside_its_folder(models):
    (models / "digitsmith/evolution/index.json").write_text('[{"step": 0, "images_seen": 0, "file": "../card.json"}]')
    assert "index.json does not hold what it must" in refusal(models)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"latent_dim": 32}, "it must map {'latent': ((None, 64), 'float32')"),
        ({"side": 14}, "to [(None, 14, 14, 1)]"),
        ({"label": "digit"}, "'digit'"),
        ({"activation": "tanh"}, "gives values from"),
    ],
)
def test_a_network_of_another_shape_or_range(models, settings, says):
    replace_network(models, network(**settings))
    sentence = refusal(models)
    assert sentence.startswith(str(models / "digitsmith" / "generator.keras"))
    assert says in sentence


def test_a_discriminator_of_another_shape(models):
    image, label = keras.Input((28, 28, 1), name="image"), keras.Input((), dtype="int32", name="label")
    x = keras.layers.Concatenate()([keras.layers.Flatten()(image), keras.layers.Embedding(10, 4)(label)])
    replace_network(models, keras.Model([image, label], keras.layers.Dense(2)(x)), "discriminator.keras")
    sentence = refusal(models)
    assert sentence.startswith(str(models / "digitsmith" / "discriminator.keras"))
    assert "to [(None, 2)]; it must map" in sentence


def test_a_file_that_is_no_network(models):
    folder = models / "digitsmith"
    (folder / "generator.keras").write_bytes(b"not a zip")
    card = json.loads((folder / "card.json").read_text())
    card["sha256"]["generator.keras"] = sha256(b"not a zip").hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    assert "is not a Keras model that can be loaded" in refusal(models)


@pytest.mark.parametrize("name", ["数字", "a b", "-x", "<b>"])
def test_a_name_that_could_not_stand_in_a_url(models, name):
    (models / "digitsmith").rename(models / name)
    assert "cannot be a model's name" in refusal(models)


@pytest.mark.parametrize(("backend", "says"), [("jax", "one of openvino, tensorflow"), ("", "one of openvino")])
def test_a_backend_that_cannot_be(models, monkeypatch, backend, says):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert says in refusal(models)


def test_no_folder_and_no_models(tmp_path):
    assert "must be a folder of model folders that can be read (No such file or directory)." in refusal(
        tmp_path / "none"
    )
    assert "no model to serve" in refusal(tmp_path)


def test_a_model_folder_in_the_place_of_the_folder_it_lies_in(models):
    folder = models / "digitsmith"
    assert refusal(folder) == f"DIGITSMITH_MODELS is {folder}, a model folder itself; it must be the folder it lies in."


def test_a_card_that_is_no_object(models):
    card = models / "digitsmith" / "card.json"
    card.write_text("[]")
    assert refusal(models) == f"{card} does not hold what it must: It must be a JSON object."


def test_a_default_that_is_not_there(models):
    with pytest.raises(ModelFolderError, match="DIGITSMITH_DEFAULT_MODEL is 'best'; it must be one of digitsmith"):
        load(models, "best", threads=1, exports=Exports(models.with_name("cache")))


def test_a_disk_that_is_a_models_folder_has_one_more_that_is_none(models):
    (models / "lost+found").mkdir()
    assert [folder.name for folder in find(models)] == ["digitsmith"]


def test_a_model_that_is_a_link_to_nowhere_is_not_left_out(models):
    (models / "linked").symlink_to(models.with_name("released"))
    assert refusal(models).startswith(f"{models / 'linked' / 'card.json'} cannot be read")
    (models / "digitsmith").rename(models.with_name("released"))
    assert [folder.name for folder in find(models)] == ["linked"]


def test_hidden_folders_are_not_models(models):
    (models / ".writing-x").mkdir()
    assert [folder.name for folder in find(models)] == ["digitsmith"]


def test_an_empty_catalogue_cannot_be():
    with pytest.raises(ModelFolderError):
        Catalogue([])
