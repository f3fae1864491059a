"""The rows that benches measure on: committed traffic, and the public outcomes where they are."""

import os
from pathlib import Path

from training.rows.readers import data_folder

ROOT = Path(__file__).resolve().parents[2]
TRAFFIC = ROOT / "data" / "traffic"
TIERS = ROOT / "data" / "tiers.json"


def outcomes(name: str) -> Path:
    """The file of a public source. Raises FileNotFoundError where the public rows are not."""
    folder = data_folder(os.environ, ROOT)
    path = (folder or ROOT / "data" / "raw") / "outcomes" / f"{name}.jsonl.gz"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: name the folder of the public rows with TIERWISE_DATA")
    return path
