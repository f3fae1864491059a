"""`tierwise fit` on all outcome rows and the traffic, with the shipped token table: seconds and peak memory."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.data import ROOT, TIERS, TRAFFIC, outcomes
from training.shipping.sources import PUBLIC_SOURCES


def main() -> None:
    files = [outcomes(source.name) for source in PUBLIC_SOURCES]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "router", "fit", *map(str, files), str(TRAFFIC), "--tiers", str(TIERS)]
        command += ["--out", str(Path(folder) / "all"), "--cache", str(Path(folder) / "cache"), "--json"]
        for path in sorted(TRAFFIC.glob("*.jsonl")):
            command += ["--target", path.stem]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=dict(os.environ))
        seconds = time.perf_counter() - start
    peak_gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"fit on all rows, cold cache: {seconds:.0f} s, {peak_gb:.2f} GB peak of one process")
