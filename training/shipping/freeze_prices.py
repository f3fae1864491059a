"""Update the catalog's rows from two price lists, and refuse where they disagree.

    python -m training.shipping.freeze_prices 2026-11-30 build/litellm/litellm-1.110.2-py3-none-any.whl
The first list is the installed genai-prices, the second the map of models in LiteLLM's wheel (`make catalog` fetches
it). A row says which entry of each list is meant where it has another name there: `listed_as` and `second_as`, null for
none. A row without facts (capabilities, limits) gets those of LiteLLM; facts that it has are kept.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from router.catalog.prices import ListPrice, UnknownModel, list_price
from router.types import JsonObject

ROWS = Path(__file__).resolve().parents[2] / "router" / "catalog" / "models.json"
SECOND_MAP = "litellm/model_prices_and_context_window_backup.json"

MOST_APART = 0.05
"""The two lists may differ by this share of a price; by more, one of them is wrong or means another model."""

SECOND_NAMES = {
    "anthropic": "",
    "bedrock": "",
    "cloudflare": "cloudflare/",
    "cohere": "",
    "fireworks": "fireworks_ai/",
    "google": "gemini/",
    "openai": "",
    "qwen": "dashscope/",
    "together": "together_ai/",
}
"""The start of a model's name in LiteLLM's map; a provider that is not here has its own name and a slash."""

FLAGS = {
    "supports_vision": "images",
    "supports_audio_input": "audio",
    "supports_pdf_input": "documents",
    "supports_function_calling": "tools",
    "supports_parallel_function_calling": "parallel_tools",
    "supports_response_schema": "json_schema",
    "supports_reasoning": "effort",
}
"""LiteLLM's flags as capabilities. Where it has no flag, the model is taken to lack the capability."""


def noon(day: str) -> datetime:
    """12:00 UTC of YYYY-MM-DD: outside the peak hours that some providers charge more for. Raises ValueError."""
    return datetime.strptime(day, "%Y-%m-%d").replace(hour=12, tzinfo=UTC)


def first_price(row: JsonObject, *, day: str) -> ListPrice | None:
    """The price in genai-prices; None where the row says that it is not listed. Raises UnknownModel."""
    name = row.get("listed_as", row["model"])
    return None if name is None else list_price(name, at=noon(day))


def frozen(row: JsonObject, *, day: str) -> JsonObject:
    """A row with that day's price in genai-prices, where it lists the model. Raises UnknownModel."""
    price = first_price(row, day=day)
    if price is None:
        return {**row, "checked": day}
    return {
        **row,
        "input_usd_per_million": price.input_usd_per_million,
        "output_usd_per_million": price.output_usd_per_million,
        "cache_read_usd_per_million": price.cache_read_usd_per_million,
        "cache_write_usd_per_million": price.cache_write_usd_per_million,
        "context_window": price.context_window or row["context_window"],
        "checked": day,
    }


def with_second(row: JsonObject, second: Mapping[str, Mapping[str, Any]]) -> JsonObject:
    """A row with LiteLLM's price as well as its own, and with LiteLLM's facts where it has none.

    Raises UnknownModel for a model that LiteLLM should know and does not.
    """
    name = second_name(row)
    if name is None:
        return {**row, "second_usd_per_million": None}
    if name not in second:
        raise UnknownModel(f"{row['model']}: LiteLLM has no {name!r}; name its entry in `second_as`, or null")
    entry = second[name]
    prices = [_per_million(entry, key) for key in ("input_cost_per_token", "output_cost_per_token")]
    facts: JsonObject = {
        "input_usd_per_million": prices[0],
        "output_usd_per_million": prices[1],
        "cache_read_usd_per_million": _per_million(entry, "cache_read_input_token_cost"),
        "cache_write_usd_per_million": _per_million(entry, "cache_creation_input_token_cost"),
        "context_window": entry.get("max_input_tokens"),
        "max_output_tokens": entry.get("max_output_tokens") or entry.get("max_input_tokens"),
        "capabilities": [word for flag, word in FLAGS.items() if entry.get(flag)],
    }
    own = {key: value for key, value in facts.items() if key not in row}
    return {**row, **own, "second_usd_per_million": prices}


def second_name(row: JsonObject) -> str | None:
    """The row's entry in LiteLLM's map; None where it has none."""
    provider, _, model = row["model"].partition("/")
    name: str | None = row.get("second_as", SECOND_NAMES.get(provider, f"{provider}/") + model)
    return name


def disagreements(row: JsonObject, *, day: str) -> list[str]:
    """Where the row's two prices are further apart than MOST_APART.

    `peak_hour` of a row: LiteLLM lists the price of that hour.
    """
    second = row["second_usd_per_million"]
    if second is None or row.get("listed_as", "") is None:
        return []
    at = noon(day).replace(hour=row.get("peak_hour", 12))
    first = list_price(row.get("listed_as") or row["model"], at=at)
    pairs = zip(("input", "output"), (first.input_usd_per_million, first.output_usd_per_million), second, strict=True)
    return [
        f"{row['model']}: {kind} is {one:g} in genai-prices and {other:g} in LiteLLM, USD per million tokens"
        for kind, one, other in pairs
        if abs(one - other) > MOST_APART * max(one, other)
    ]


def to_text(document: JsonObject) -> str:
    """The rows' file, one line per row."""
    head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in document.items() if key != "models")
    rows = ",\n    ".join(json.dumps(row) for row in document["models"])
    return f'{{\n{head}  "models": [\n    {rows}\n  ]\n}}\n'


def main(day: str, wheel: str) -> None:
    """Rewrite the file. Exits with the disagreements, if there are any, and writes nothing then."""
    with zipfile.ZipFile(wheel) as opened:
        second = json.loads(opened.read(SECOND_MAP))
    document = json.loads(ROWS.read_text("utf-8"))
    document["prices"] = f"genai-prices {version('genai-prices')}"
    document["second"] = f"LiteLLM {Path(wheel).name.split('-')[1]}"
    rows = [frozen(with_second(row, second), day=day) for row in document["models"]]
    if faults := [fault for row in rows for fault in disagreements(row, day=day)]:
        sys.exit("\n".join(faults))
    ROWS.write_text(to_text({**document, "models": rows}), "utf-8")


def _per_million(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    return None if value is None else round(float(value) * 1e6, 9)


if __name__ == "__main__":
    main(*sys.argv[1:3])
