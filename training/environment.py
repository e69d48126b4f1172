"""What a card keeps of the machine and the software that made a figure."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """What the card keeps of the machine."""
    system = f"{platform.system()} {platform.machine()}"
    return {"system": system, "processor": _processor(), "cores": os.cpu_count()}


def versions() -> dict[str, str]:
    """What the card keeps of the software."""
    packages = {package: version(package) for package in ("keras", "tensorflow", "numpy")}
    return {"python": platform.python_version(), **packages}


def _processor() -> str:
    """The processor's name where Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
