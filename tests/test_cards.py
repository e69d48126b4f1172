"""Cards: JSON as the standard has it, and one sentence for what is not as it must be."""

import pytest

from training import cards
from training.errors import TrainingError


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_card_holds_what_json_has_no_number_for(tmp_path, number):
    path = tmp_path / "card.json"
    cards.write(path, {"gamma": 1.0})
    with pytest.raises(TrainingError, match=r"numbers would not be finite: fid\.real, rows\.$"):
        cards.write(path, {"gamma": 1.0, "fid": {"real": number}, "rows": [1.0, number, number]})
    assert cards.read(path) == {"gamma": 1.0}


@pytest.mark.parametrize("text", ["", "{", '{"gamma": NaN}', '{"gamma": -Infinity}', "[" * 100_000, "\xff"])
def test_what_is_not_json_is_not_read(tmp_path, text):
    (tmp_path / "card.json").write_text(text, "latin-1")
    with pytest.raises(ValueError, match=r"."):
        cards.read(tmp_path / "card.json")


SHAPE = {"title": str, "count/test": int, "conditional": bool, "evaluation": dict | None} | cards.figures(["recall"])
WHOLE = {"title": "T", "count": {"test": 3}, "conditional": True, "evaluation": None}
WHOLE |= {"recall": {"generated": 1, "real": 0.5}}


def test_what_has_all_that_is_needed_passes():
    cards.require(WHOLE | {"more": 1}, SHAPE, "card.json")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "card.json has no title; it must be a text."),
        (None, "card.json has no title; it must be a text."),
        (True, "card.json has no title; it must be a text."),
        (WHOLE | {"count": "three"}, "card.json has no count.test; it must be a whole number."),
        (WHOLE | {"count": {"test": True}}, "card.json has True as count.test; it must be a whole number."),
        (WHOLE | {"conditional": 1}, "card.json has 1 as conditional; it must be true or false."),
        (WHOLE | {"evaluation": []}, "card.json has [] as evaluation; it must be an object or null."),
        (WHOLE | {"recall": {"generated": 1}}, "card.json has no recall.real; it must be a number."),
        (WHOLE | {"recall": {"generated": "1", "real": 1}}, "card.json has '1' as recall.generated; it must be"),
    ],
)
def test_what_is_missing_or_of_another_type_is_named(content, says):
    with pytest.raises(TrainingError) as caught:
        cards.require(content, SHAPE, "card.json")
    assert str(caught.value).startswith(says)
