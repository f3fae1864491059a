"""Cold processes: seconds and peak memory of `tierwise route "hi"`, and what `import router` costs beside numpy."""

import subprocess
import sys

import numpy as np

REPEATS = 7


def main() -> None:
    seconds, peak_mb = zip(*(run([sys.executable, "-m", "router", "route", "hi"]) for _ in range(REPEATS)), strict=True)
    print(f'tierwise route "hi"                       {np.median(seconds):6.2f} s, {max(peak_mb):.0f} MB peak')
    times = {
        name: np.median([run([sys.executable, "-c", code])[0] for _ in range(REPEATS)]) for name, code in CODE.items()
    }
    for name, median in times.items():
        print(f"{name:<40} {median:6.3f} s")
    extra = times["from router import Router"] - times["import numpy"]
    print(f"from router import Router, beyond numpy   {extra:6.3f} s")


CODE = {
    "import numpy": "import numpy",
    "import numpy, router": "import numpy, router",
    "from router import Router": "from router import Router",
}


def run(command: list[str]) -> tuple[float, float]:
    """(seconds, peak MB) of a process, started by a bare interpreter: a large parent's memory would count as peak."""
    out = subprocess.run([sys.executable, "-S", "-c", LAUNCH, *command], capture_output=True, text=True, check=True)
    seconds, peak_mb = out.stdout.split()[-2:]
    return float(seconds), float(peak_mb)


LAUNCH = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
assert status == 0, sys.argv
print(time.perf_counter() - start, usage.ru_maxrss / 1024)
"""
