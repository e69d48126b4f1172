"""The benchmarks of training run, on networks and data too small to tell anything."""

import statistics

import pytest
from click.testing import CliRunner

from benchmarks import gain, quality, sweep
from benchmarks import training as speed
from benchmarks.scoring import Scorer
from training.data import load
from training.evaluation.judge import load_all
from training.presets import settings_for

TINY = {"images": 64, "batch_size": 32, "generator_width": 4, "discriminator_width": 4}


@pytest.fixture
def data(few_digits):
    return load(str(few_digits))


@pytest.fixture
def scorer(data, judges):
    return Scorer(load_all(judges, data)["first"], data, 100)


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_gain_is_chosen_by_the_data_the_model_learned_from(runs, real_digits):
    done = CliRunner().invoke(gain.main, [str(runs / "digitsmith"), "--data", str(real_digits)])
    assert "digitsmith was trained on few, not on this digits." in done.stderr


def test_each_gain_has_its_distances_by_every_judge(runs, few_digits, judges, monkeypatch):
    monkeypatch.setattr(gain, "JUDGES", judges)
    monkeypatch.setattr(gain, "GAINS", (1.0, 8.0))
    done = CliRunner().invoke(gain.main, [str(runs / "digitsmith"), "--data", str(few_digits)])
    header, _, plain, eightfold = done.stdout.splitlines()
    assert cells(header) == ["gain", "first", "second", "third"]
    assert (cells(plain)[0], cells(eightfold)[0]) == ("1", "8")
    assert all(float(one) != float(other) for one, other in zip(cells(plain)[1:], cells(eightfold)[1:], strict=True))


def test_a_row_of_the_sweep(scorer, data):
    name, fid, accuracy, precision, recall, loss, images = cells(sweep.row("tiny", scorer, data, TINY))
    assert name == "tiny"
    assert float(fid) > scorer.floor
    assert accuracy.endswith("%")
    assert 0 <= float(precision) <= 1
    assert 0 <= float(recall) <= 1
    assert float(loss) > 0
    assert float(images.replace(",", "")) > 0


def test_the_sweep_never_sees_the_test_digits(data, monkeypatch):
    monkeypatch.setattr(sweep, "SLICE", 100)
    sliced = sweep.held_out(data)
    assert (len(sliced.train_images), len(sliced.test_images)) == (500, 100)
    assert (sliced.test_images == data.train_images[500:]).all()
    monkeypatch.setattr(sweep, "SLICE", 301)
    with pytest.raises(Exception, match="few has 600 training images; a sweep needs at least 602"):
        sweep.held_out(data)


def test_the_time_to_quality_ends_with_the_training_or_where_the_floor_is_near(scorer, data, capsys):
    settings = settings_for("mlp", TINY)
    name, reached, images, *_ = cells(quality.row(settings, scorer, data, minutes=1))
    assert (name, images) == ("mlp", "64")
    assert reached.startswith("not in ")
    assert " min, 64 images, judge-FID " in capsys.readouterr().err
    scorer.floor = 1e9
    assert float(cells(quality.row(settings, scorer, data, minutes=1))[1]) < 60


@pytest.mark.parametrize("measure", ["dcgan, float32", "digitsmith, bfloat16", speed.TUTORIAL])
def test_a_measure_of_speed(measure):
    found = speed.LOOPS[measure](4)
    assert found["images_per_second"] > 0
    assert measure == speed.TUTORIAL or found["gflops"] > 0


def test_the_table_of_speeds_tells_medians_their_spread_and_ratios():
    turns = {"digitsmith, bfloat16": [300, 500, 310], speed.TUTORIAL: [100, 90, 110]}
    found = {
        f"32: {name}": [{"images_per_second": speed, "gflops": speed / 10} for speed in speeds]
        for name, speeds in turns.items()
    }
    table = speed.table(found | {speed.PEAK: [{"gflops": 62.0}]})
    assert statistics.median(turns["digitsmith, bfloat16"]) == 310
    assert "| 32 | digitsmith, bfloat16 | 310 (300 to 500) | 3.10 | 31 | 50% |" in table
