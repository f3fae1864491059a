"""The licences of what a bundle is made from: the public sources' rows, which its manifest names, and the models."""

from __future__ import annotations

from collections.abc import Mapping

PUBLIC_LICENCES: Mapping[str, str] = {
    "alpaca_eval1": "CC-BY-NC-4.0",
    "alpaca_eval2": "CC-BY-NC-4.0",
    "alpaca_eval2cot": "CC-BY-NC-4.0",
    "bfcl": "NONE",
    "llmrouter_ulab": "MIT",
    "mmlu_pro": "Apache-2.0",
    "routellm_gsm8k": "Apache-2.0",
    "routellm_mmlu": "Apache-2.0",
    "workbench": "MIT",
    "zeroeval_gsm": "Apache-2.0",
    "zeroeval_math_l5": "Apache-2.0",
}
"""SPDX identifier by source name; `NONE` where the repository states none."""

MODEL_LICENCES: Mapping[str, str] = {
    "intfloat/multilingual-e5-small": "MIT",
    "sentence-transformers/all-MiniLM-L6-v2": "Apache-2.0",
}
"""SPDX identifier by the id of a model whose weights a shipped bundle's encoder is made from."""
