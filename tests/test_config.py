"""Settings: read from the environment, refused with a sentence, and documented."""

import re

import pytest

from app.config import (
    BARE,
    ROOT,
    ConfigError,
    Settings,
    cores,
    from_environment,
    inference_threads,
    misspelt,
    variable,
)

README = (ROOT / "README.md").read_text()


def test_settings_have_defaults_and_take_the_environments_values():
    assert from_environment({})["PORT"] == 8000
    assert from_environment({"DIGITSMITH_PORT": "8123"})["PORT"] == 8123
    assert from_environment({"PORT": "8123", "HOST": "0.0.0.0"})["HOST"] == "0.0.0.0"  # noqa: S104
    assert from_environment({"PORT": "1", "DIGITSMITH_PORT": "2"})["PORT"] == 2


@pytest.mark.parametrize("value", ["0", "65536", "http", "", "8_0", "+80", " 80", "\u0668\u0660"])
def test_a_bad_value_is_named(value):
    for name in ("DIGITSMITH_PORT", "PORT"):
        with pytest.raises(
            ConfigError, match=f"^{name} is '{re.escape(value)}'; it must be a whole number from 1 to 65535.$"
        ):
            from_environment({name: value})


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("RATE_LIMIT", "many", "empty, or a number of requests and a time, such as 60/minute"),
        ("RATE_LIMIT", "0/minute", "empty, or a number of requests and a time, such as 60/minute"),
        ("LOG_FORMAT", "xml", "one of auto, console, json"),
        ("HOST", "", "an address, such as 127.0.0.1"),
        ("MODELS", "", "a folder"),
        ("CACHE", "", "a folder"),
        ("CACHE", "~nobody-of-this-name/cache", "a folder"),
    ],
)
def test_a_bad_word_is_named_with_what_would_be_right(name, value, right):
    with pytest.raises(ConfigError) as error:
        from_environment({variable(name): value})
    assert str(error.value) == f"{variable(name)} is {value!r}; it must be {right}."


@pytest.mark.parametrize(
    "value",
    [
        "/run/secret",
        "memory://secret",
        "redis://",
        "redis://:my/secret@redis:6379",
        "redis://me:my/secret@redis:6379",
        "redis://:my#secret@redis:6379",
        "redis://[::1/secret",
        "redis://secret:port/0",
        "redis://secret:99999/0",
        "http://secret:6379",
    ],
)
def test_what_is_no_address_of_a_redis_is_refused_without_its_password(value):
    with pytest.raises(ConfigError, match=r"^DIGITSMITH_RATE_LIMIT_STORAGE cannot be used; it must be m") as error:
        from_environment({"DIGITSMITH_RATE_LIMIT_STORAGE": value})
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("value", ["memory://", "redis://127.0.0.1", "rediss://me:my%2Fsecret@[::1]:6379/0"])
def test_the_address_of_a_redis_is_taken_as_it_is(value):
    assert from_environment({"DIGITSMITH_RATE_LIMIT_STORAGE": value})["RATE_LIMIT_STORAGE"] == value


def test_a_variable_that_is_no_setting_is_named_with_the_one_that_is_near():
    given = dict.fromkeys(("DIGITSMITH_WORKERS", "DIGITSMITH_RATELIMIT", "DIGITSMITH_X", "SMITH", "PORT"), "1")
    near, none = misspelt(given)
    assert near == "DIGITSMITH_RATELIMIT is no setting and changes nothing; did you mean DIGITSMITH_RATE_LIMIT?"
    assert none.startswith(
        "DIGITSMITH_X is no setting and changes nothing; there are DIGITSMITH_HOST, DIGITSMITH_PORT, "
    )


def test_a_default_that_does_not_hold_here_is_named_too(monkeypatch):
    def homeless(path):
        if str(path).startswith("~"):
            raise RuntimeError("Could not determine home directory.")
        return path

    monkeypatch.setattr("pathlib.Path.expanduser", homeless)
    with pytest.raises(ConfigError, match=r"^DIGITSMITH_CACHE is '~/.cache/digitsmith'; it must be a folder\.$"):
        from_environment({})


def test_processes_times_threads_do_not_outnumber_the_cores(monkeypatch):
    monkeypatch.setattr("app.config.cores", lambda: 8)
    assert inference_threads({"WORKERS": 2, "INFERENCE_THREADS": 0}) == 4
    assert inference_threads({"WORKERS": 16, "INFERENCE_THREADS": 0}) == 1
    assert inference_threads({"WORKERS": 2, "INFERENCE_THREADS": 3}) == 3


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("200000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8), ("max 100000", 8), (None, 8)],
)
def test_a_containers_quota_counts_where_it_is_less_than_the_machine_has(monkeypatch, tmp_path, quota, expected):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    file = tmp_path / "cpu.max"
    if quota:
        file.write_text(f"{quota}\n")
    assert cores(file) == expected


def test_the_readme_tells_of_every_setting_with_its_default():
    rows = re.findall(r"^\| `DIGITSMITH_(\w+)`(?:, `(\w+)`)? \| (.*?) ?\| (.+) \|$", README, re.MULTILINE)
    told = {name: (default.split(" (")[0], purpose) for name, _, default, purpose in rows}
    shortened = {str(ROOT / "models"): "models"}
    fields = Settings().fields
    defaults = {name: shortened.get(field.load_default, str(field.load_default)) for name, field in fields.items()}
    assert told == {name: (defaults[name], field.metadata["help"]) for name, field in fields.items()}
    assert {bare for _, bare, _, _ in rows if bare} == set(BARE)
