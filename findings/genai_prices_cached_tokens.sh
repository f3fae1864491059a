#!/usr/bin/env bash
# genai-prices 0.2.3 takes `input_tokens` as all input, cached tokens included. Anthropic's `usage` counts them apart:
# input_tokens are those that were not read from a cache. Its numbers, put into Usage under their own names, raise where
# the cached part is the larger one, and are priced too low without a word where it is the smaller one.
#
# Seen on 2026-11-30: 2,000 fresh + 1,000 cached + 10 output tokens of claude-sonnet-4-6 ($3, $0.30 and $15 a million)
# cost $0.00645; Usage(input_tokens=2000, cache_read_tokens=1000) gives $0.00345, 47% less. The sum of both, 3,000, as
# input_tokens gives the right price.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check genai-prices==0.2.3
"$folder/venv/bin/python" - <<'PYTHON'
from genai_prices import Usage, calc_price


def usd(fresh: int, cached: int, *, as_input: int) -> float:
    usage = Usage(input_tokens=as_input, cache_read_tokens=cached, output_tokens=10)
    return float(calc_price(usage, model_ref="claude-sonnet-4-6", provider_id="anthropic").total_price)


right = (2000 * 3 + 1000 * 0.30 + 10 * 15) / 1e6
as_anthropic_says, as_a_sum = usd(2000, 1000, as_input=2000), usd(2000, 1000, as_input=3000)
print(f"right {right:.5f}  input_tokens=2000 {as_anthropic_says:.5f}  input_tokens=3000 {as_a_sum:.5f}")
assert abs(as_a_sum - right) < 1e-9
assert abs(as_anthropic_says - 0.00345) < 1e-9
try:
    usd(20, 1000, as_input=20)
except ValueError as error:
    print("20 fresh and 1,000 cached:", error)
else:
    raise SystemExit("changed: no error where the cached part is the larger one")
PYTHON
