"""An evaluation that passes the gate, and how to spoil it or the card that holds it."""

import json

GOOD = {"generated": 0.9, "real": 0.95}
COPIES = {kind: {"exact_duplicates": 0, "near_duplicates": 0.01} for kind in ("generated", "real")}
EVALUATION = {
    "class_kl": {"generated": 0.001, "real": 0.001},
    "class_shares": {"generated": [0.5, 0.5], "real": [0.5, 0.5]},
    "coverage": GOOD,
    "memorisation": {"pixels": COPIES, "features": COPIES},
    "label_accuracy": {"generated": 0.99, "real": 0.995},
    "judge_fid": {"generated": 1.0, "real": 0.5},
    "recall": GOOD,
    "cas": {"generated": 0.983, "real": 0.992},
}


def with_copies(share, value):
    return COPIES | {"generated": COPIES["generated"] | {share: value}}


def without(name):
    return {key: value for key, value in EVALUATION.items() if key != name}


def card_of(folder):
    return json.loads((folder / "card.json").read_text())


def rewrite(folder, **changes):
    (folder / "card.json").write_text(json.dumps(card_of(folder) | changes))
