"""`python -m training publish` takes no folder that is not whole, nor one whose card is not."""

import json
import re

import pytest
from evaluations import EVALUATION, card_of, rewrite, without
from trainings import invoke

from training.errors import TrainingError
from training.evaluation.sampler import Sampler
from training.files import sha256_of
from training.publish import publish


def test_a_changed_network_is_not_published(run, tmp_path):
    (run / "discriminator.keras").write_bytes(b"something else")
    with pytest.raises(TrainingError, match=r"discriminator.keras is not the file"):
        publish(run, tmp_path / "models" / "fine", force=True)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("name", ["history.csv", "evolution", "evaluation"])
def test_a_run_without_all_that_is_shipped_is_not_published(run, tmp_path, name):
    (run / name).rename(tmp_path / "elsewhere")
    with pytest.raises(TrainingError, match=f"has no {name}; what is published has generator.keras, "):
        publish(run, tmp_path / "models" / "fine", force=True)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("evolution/index.json", None, "index.json lists no sheet: go on with its run by --resume"),
        ("evolution/index.json", b"[]", "index.json lists no sheet: go on with its run by --resume"),
        ("evolution/step-0000001.png", None, "step-0000001.png is not a whole PNG: go on with its run by --resume"),
        ("evolution/step-0000001.png", b"", "step-0000001.png is not a whole PNG: go on with its run by --resume"),
        ("evaluation/classes.png", b"", "classes.png is not a whole PNG: evaluate it anew"),
        ("evaluation/report.md", None, "has no evaluation/report.md: evaluate it anew"),
    ],
)
def test_a_picture_or_a_report_that_is_missing_or_damaged_is_named(run, tmp_path, file, content, says):
    (run / file).unlink() if content is None else (run / file).write_bytes(content)
    with pytest.raises(TrainingError, match=re.escape(says)):
        publish(run, tmp_path / "models" / "fine", force=True)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "card.json has no title"),
        (None, "card.json has no title"),
        (True, "card.json has no title"),
        ({"realness": 5}, "card.json has no realness.logit_percentiles.all; it must be a list"),
        ({"sha256": "0123"}, "card.json has no sha256.generator.keras; it must be a text"),
        ({"evaluation": "good"}, "card.json has 'good' as evaluation; it must be an object or null"),
        ({"evaluation": None}, "has not been evaluated: run `python -m training evaluate"),
        ({"evaluation": without("coverage")}, "card.json has no coverage.generated; it must be a number"),
        ({"evaluation": without("recall")}, "card.json has no recall.generated"),
        ({"evaluation": EVALUATION | {"cas": "high"}}, "card.json has no cas.generated"),
        ({"evaluation": EVALUATION | {"class_shares": {"generated": [], "real": []}}}, "has other class_shares"),
        (
            {"evaluation": EVALUATION | {"class_shares": {"generated": [1], "real": [1, 0]}}},
            "has other class_shares",
        ),
        ({"evaluation": EVALUATION | {"class_shares": {"generated": ["1"], "real": [1]}}}, "has other class_shares"),
        ({"evaluation": EVALUATION | {"class_shares": {"generated": [1], "real": [0.5, 0.5], "x": 3}}}, "has other"),
        ({"evaluation": without("class_shares")}, "card.json has no class_shares.generated; it must be a list"),
        ({"evaluation": without("label_accuracy")}, "card.json has no label_accuracy.generated"),
        ({"evaluation": EVALUATION | {"memorisation": {}}}, "has no memorisation.pixels.generated.exact_duplicates"),
    ],
)
def test_a_card_that_is_not_whole_is_refused_with_a_sentence(run, tmp_path, content, says):
    if isinstance(content, dict):
        rewrite(run, **content)
    else:
        (run / "card.json").write_text(json.dumps(content))
    with pytest.raises(TrainingError, match=re.escape(says)):
        publish(run, tmp_path / "models" / "fine", force=True)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("card.json", None, "is not a model folder, for it has no card.json: copy it anew"),
        ("discriminator.keras", None, "is not a model folder, for it has no discriminator.keras: copy it anew"),
        ("card.json", b'{"title": ', r"card\.json is not JSON \(Expecting value: .*\): copy it anew"),
        ("card.json", b"\xff", r"card\.json is not JSON \('utf-8' codec .*\): copy it anew"),
    ],
)
def test_the_file_that_is_missing_or_damaged_is_named(run, tmp_path, file, content, says):
    (run / "checkpoint.npz").unlink(missing_ok=True)
    (run / file).unlink() if content is None else (run / file).write_bytes(content)
    with pytest.raises(TrainingError, match=says):
        publish(run, tmp_path / "models" / "fine", force=True)


def test_a_run_that_is_not_at_its_end_is_told_to_go_on(run, tmp_path):
    (run / "card.json").unlink()
    with pytest.raises(TrainingError, match=r"has no card\.json: go on with its run by --resume"):
        publish(run, tmp_path / "models" / "fine", force=True)


def test_a_card_that_knows_of_no_evaluation_is_refused_at_the_command_line(run):
    card = card_of(run)
    del card["evaluation"]
    (run / "card.json").write_text(json.dumps(card))
    done = invoke("publish", run, "--data", "/nowhere")
    assert "card.json has no evaluation; it must be an object or null." in done.stderr


def test_a_network_that_is_none_though_its_hash_is_right_is_refused(run):
    (run / "generator.keras").write_bytes(b"no network")
    rewrite(run, sha256=card_of(run)["sha256"] | {"generator.keras": sha256_of(run / "generator.keras")})
    with pytest.raises(TrainingError, match="is not a network that Keras can load"):
        Sampler(run)
