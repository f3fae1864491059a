"""`tierwise fit` on all outcome rows and the traffic, with the shipped token table: seconds and peak memory.

BASE=/path/of/another/checkout/.venv-dev/bin/tierwise python -m tests.bench fit

fits with that installation too, before and after.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.data import TIERS, TRAFFIC, outcomes
from training.shipping.sources import PUBLIC_SOURCES


def main() -> None:
    here = [sys.executable, "-m", "tierwise"]
    if base := os.environ.get("BASE"):
        report("fit of BASE", *fitted([base]))
    report("fit", *fitted(here))
    if base:
        report("fit", *fitted(here))
        report("fit of BASE", *fitted([base]))


def report(name: str, wall_s: float, cpu_s: float, peak_gb: float) -> None:
    print(f"{name}, all rows, cold cache: {wall_s:.0f} s, {cpu_s:.0f} s CPU, {peak_gb:.2f} GB peak", flush=True)


def fitted(tierwise: Sequence[str]) -> tuple[float, float, float]:
    """(seconds, CPU seconds of all its processes, peak memory in GB of the main one) of a fit on all rows."""
    files = [outcomes(source.name) for source in PUBLIC_SOURCES]
    with tempfile.TemporaryDirectory() as folder:
        command = [*tierwise, "fit", *map(str, files), str(TRAFFIC), "--tiers", str(TIERS), "--json"]
        command += ["--out", str(Path(folder) / "all"), "--cache", str(Path(folder) / "cache")]
        for path in sorted(TRAFFIC.glob("*.jsonl")):
            command += ["--target", path.stem]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)[:200]} ended with {process.returncode}")
        return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
