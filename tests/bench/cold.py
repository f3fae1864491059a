"""Cold processes: CPU seconds and peak memory of commands and imports, each in turn with what it is compared with.

BASE=/path/of/another/checkout/.venv-dev/bin/tierwise python -m tests.bench cold

compares `tierwise --help` with that installation's. CPU time (user and system), since other processes do not add to it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

REPEATS = 15
HELP = "tierwise --help"


class Cost(NamedTuple):
    """What one process took."""

    cpu_s: float
    peak_mb: float


def main() -> None:
    tierwise = [sys.executable, "-m", "tierwise"]
    python = [sys.executable, "-c"]
    base = {f"{HELP}, of BASE": [os.environ["BASE"], "--help"]} if "BASE" in os.environ else {}
    commands = {
        HELP: [*tierwise, "--help"],
        **base,
        "import tierwise": [*python, "import tierwise"],
        "import router": [*python, "import router"],
        "import numpy": [*python, "import numpy"],
        "from tierwise import Router": [*python, "from tierwise import Router"],
        'tierwise route "hi"': [*tierwise, "route", "hi"],
    }
    medians = in_turn(commands)
    for name, cost in medians.items():
        print(f"{name:<30} {cost.cpu_s:6.3f} s CPU, {cost.peak_mb:4.0f} MB peak")
    pairs = [("import tierwise", "import numpy"), ("import router", "import numpy"), *((HELP, name) for name in base)]
    for name, other in pairs:
        print(f"{name} / {other:<{27 - len(name)}} {medians[name].cpu_s / medians[other].cpu_s:6.2f}")


def in_turn(commands: Mapping[str, Sequence[str]]) -> dict[str, Cost]:
    """The median cost of each command; all run once per round, after a round that compiles what is not compiled."""
    rounds = [{name: run(command) for name, command in commands.items()} for _ in range(REPEATS + 1)][1:]
    return {name: Cost(*np.median([each[name] for each in rounds], axis=0)) for name in commands}


def run(command: Sequence[str]) -> Cost:
    """What a process took, started by a bare interpreter: a large parent's memory would count as its peak."""
    out = subprocess.run([sys.executable, "-S", "-c", LAUNCH, *command], capture_output=True, text=True, check=True)
    cpu_s, peak_mb = out.stdout.split()[-2:]
    return Cost(float(cpu_s), float(peak_mb))


LAUNCH = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
assert status == 0, sys.argv
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""
