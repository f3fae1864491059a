"""Write the README's results table anew from the shipped bundles' evaluations and benchmarks.

python -m training.shipping.readme
"""

from __future__ import annotations

from pathlib import Path

from router.jsontext import decode_json
from router.types import JsonObject
from training.shipping.readme_table import readme_table, update_readme

NAMES = ("default", "fast")


def shipped_evaluations(root: Path) -> dict[str, JsonObject]:
    """evaluation.json of each shipped bundle by name, with its recipe's `benchmark` in it. root: the checkout."""
    models = root / "models"
    return {
        name: {
            **decode_json((models / name / "evaluation.json").read_bytes()),
            "benchmark": decode_json((models / f"benchmark_{name}.json").read_bytes()),
        }
        for name in NAMES
    }


def main() -> int:
    """Rewrite the table in place. Returns the exit code."""
    root = Path(__file__).resolve().parents[2]
    path = root / "README.md"
    path.write_text(update_readme(path.read_text(encoding="utf-8"), readme_table(shipped_evaluations(root))), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
