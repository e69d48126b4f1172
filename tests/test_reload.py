"""A reload brings new code and models, and costs no request; what cannot be used leaves the old serving."""

import shutil
import signal

import pytest
from servers import Held, load, replace, running_server, status, wait_until


def test_sighup_brings_new_code_and_models_and_fails_no_request(house, get):
    replace(house / "app" / "connections.py", "READ = 15", "READ = 600")  # so long the held one may take
    with running_server(folder=house) as (address, process):
        before = process.workers
        held = Held(address)
        with load(address) as statuses:
            replace(house / "app" / "headers.py", '"same-origin"', '"no-referrer"')
            shutil.copytree(house / "models" / "mlp", house / "models" / "another")
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: status(f"{address}/models/another") == 200, what="the new model")
            assert held.finish() == 200
            wait_until(lambda: not set(before) & set(process.workers), what="the old processes to end")
            assert get(f"{address}/").headers["Referrer-Policy"] == "no-referrer"
            assert status(f"{address}/models/another") == 200
        assert set(statuses) == {200}
        assert len(process.workers) == 2


def test_a_reload_of_a_damaged_model_leaves_the_old_one_serving_until_it_is_mended(house):
    weights = house / "models" / "mlp" / "generator.keras"
    whole = weights.read_bytes()
    with running_server(folder=house, DIGITSMITH_GRACE=3600) as (address, process):
        before = process.workers
        with load(address) as statuses:
            weights.write_bytes(whole[:-1])
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: process.logged(f"{weights} has SHA-256"), what="the refusal")
            wait_until(lambda: process.workers == before, what="those that cannot load to end")
            assert status(f"{address}/readyz") == 200
            weights.write_bytes(whole)
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: not set(before) & set(process.workers), what="the old processes to end")
        assert set(statuses) == {200}


def test_a_process_that_a_reload_replaces_ends_when_its_grace_is_over(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_GRACE=1) as (address, process):
        before, held = process.workers, Held(address)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: not set(before) & set(process.workers), 10, "the old processes to end")
        assert held.finish() == 0
        assert status(f"{address}/readyz") == 200


@pytest.mark.parametrize("file", ["images.py", "connections.py"])  # of the app, and of gunicorn's processes
def test_a_reload_of_code_that_cannot_be_imported_leaves_the_old_code_serving(house, file):
    with running_server(folder=house) as (address, process):
        before = process.workers
        (house / "app" / file).write_text("def")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: process.logged("The new code cannot be imported; the old goes on."), what="the refusal")
        wait_until(lambda: not set(before) & set(process.workers), what="the processes to be replaced")
        assert status(f"{address}/generate") == 200


def test_a_configuration_that_cannot_be_used_leaves_what_it_said_before(house):
    configuration = house / "gunicorn.conf.py"
    whole = configuration.read_text()
    with running_server(folder=house) as (address, process):
        for times, broken in enumerate(("x = (", "from app.worker import nothing"), 1):
            before = process.workers
            configuration.write_text(f"{whole}\n{broken}\n")
            process.send_signal(signal.SIGHUP)
            wait_until(lambda before=before: not set(before) & set(process.workers), what="a reload all the same")
            told = [line for line in process.lines() if "gunicorn.conf.py cannot be used" in line["event"]]
            assert len(told) == times
            assert status(f"{address}/generate") == 200
        configuration.write_text(f"{whole}\nworkers = 1\n")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(process.workers) == 1, what="the mended configuration")
        assert status(f"{address}/generate") == 200
