"""Update the prices and windows of the catalog's rows from the installed genai-prices.

    python -m training.shipping.freeze_prices 2026-11-24
Capabilities and output limits stay as they are: they come from elsewhere, as each row's source says.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from router.catalog.prices import list_price
from router.types import JsonObject

ROWS = Path(__file__).resolve().parents[2] / "router" / "catalog" / "models.json"


def noon(day: str) -> datetime:
    """12:00 UTC of YYYY-MM-DD: outside the peak hours that some providers charge more for. Raises ValueError."""
    return datetime.strptime(day, "%Y-%m-%d").replace(hour=12, tzinfo=UTC)


def frozen(row: JsonObject, *, day: str) -> JsonObject:
    """A row with that day's list price. Raises UnknownModel."""
    name = row["listed_as"] if "listed_as" in row else row["model"]
    price = list_price(name, at=noon(day))
    return {
        **row,
        "input_usd_per_million": price.input_usd_per_million,
        "output_usd_per_million": price.output_usd_per_million,
        "cache_read_usd_per_million": price.cache_read_usd_per_million,
        "cache_write_usd_per_million": price.cache_write_usd_per_million,
        "context_window": price.context_window or row["context_window"],
        "checked": day,
    }


def to_text(document: JsonObject) -> str:
    """The rows' file, one line per row."""
    rows = ",\n    ".join(json.dumps(row) for row in document["models"])
    return f'{{\n  "prices": {json.dumps(document["prices"])},\n  "models": [\n    {rows}\n  ]\n}}\n'


def main(day: str) -> None:
    """Rewrite the file."""
    document = json.loads(ROWS.read_text("utf-8"))
    document["prices"] = f"genai-prices {version('genai-prices')}"
    document["models"] = [frozen(row, day=day) for row in document["models"]]
    ROWS.write_text(to_text(document), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
