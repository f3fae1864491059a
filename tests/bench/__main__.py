"""How fast and how large, printed.   python -m tests.bench [PART ...]

Medians, on whatever machine this is; ratios are against something measured in the same run.
"""

import os
import sys

from tests.bench import beside, cold, decide, fit, http, proxy, reference, storm

PARTS = {
    "decide": decide.main,
    "http": http.main,
    "proxy": proxy.main,
    "cold": cold.main,
    "fit": fit.main,
    "reference": reference.main,
    "beside": beside.main,
    "storm": storm.main,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"unknown part {unknown[0]!r}; parts are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for name in names or list(PARTS):
        print(f"\n== {name}", flush=True)
        PARTS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
