"""What wrk and hey measure of a server: they ask without pause, or so often a second."""

import re
import shutil
import subprocess
from tempfile import NamedTemporaryFile

import click


def need(*tools: str) -> None:
    """Raises ClickException, before anything is measured, when a tool is missing."""
    for tool in tools:
        if not shutil.which(tool):
            raise click.ClickException(f"{tool} is missing: install it first; Debian's package is called {tool} too.")


def wrk(address: str, connections: int, seconds: int, threads: int, script: str = "") -> str:
    """What wrk says of an address that is asked without pause.

    Args: script, Lua that says how to ask.
    """
    with NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        how = [f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency", "-s", file.name]
        return _run(["wrk", *how, address])


def hey(address: str, rate: float, clients: int, seconds: int) -> str:
    """What hey says of an address that so many clients together ask so often a second."""
    pace = max(1, round(rate / clients))
    return _run(["hey", "-z", f"{seconds}s", "-c", str(clients), "-q", str(pace), address])


def failures(said: str) -> list[str]:
    """What wrk or hey says of requests without an answer, and of answers other than 200."""
    bad = r"Non-2xx.*|Socket errors.*|Error distribution:\n.*|^ *\[(?!200\])\d{3}\].*"
    return [found.strip() for found in re.findall(bad, said, re.MULTILINE)]


def refuse_failures(said: str) -> None:
    """Raises ClickException when a request failed: what is refused quickly would count as served quickly."""
    if failed := failures(said):
        raise click.ClickException(f"Requests failed: {'; '.join(failed)}")


def requests_per_second(said: str) -> float:
    """Answers a second, of what wrk or hey says."""
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
