"""The registry of public sources: one row each. What may ship is decided here, by licence.

`files` is a regular expression over whole paths in the repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.errors import DataError

__all__ = ["HOST", "PUBLIC_SOURCES", "SHIPPABLE_LICENCES", "PublicSource", "find_source"]

HOST = "https://github.com"
SHIPPABLE_LICENCES = frozenset({"Apache-2.0", "MIT"})

_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class PublicSource:
    """Where one source's rows come from.

    repository: `owner/name` at HOST.  commit: 7 to 40 hex digits.  files: pattern of the paths that are read.
    licence: SPDX identifier; `NONE` where the repository states none.  converter: module of training.shipping.sources.
    may_ship: whether a bundle that ships may be trained on the rows.  n_rows: how many rows the conversion gives.
    note: what to know before using it.
    """

    name: str
    repository: str
    commit: str
    files: str
    licence: str
    converter: str
    may_ship: bool
    n_rows: int
    note: str = ""

    def __post_init__(self) -> None:
        # The repository becomes part of a URL and of a folder's name, the commit an argument of git.
        if not (_REPOSITORY.fullmatch(self.repository) and _COMMIT.fullmatch(self.commit)):
            raise ValueError(f"{self.name}: {self.repository!r} at {self.commit!r} is not `owner/name` at a commit")
        if self.may_ship and self.licence not in SHIPPABLE_LICENCES:
            raise ValueError(f"{self.name}: nothing trained on {self.licence} rows may ship")

    @property
    def url(self) -> str:
        """Where the repository is cloned from."""
        return f"{HOST}/{self.repository}"


def find_source(name: str) -> PublicSource:
    """The public source of that name. Raises DataError that lists the names there are."""
    for source in PUBLIC_SOURCES:
        if source.name == name:
            return source
    raise DataError(f"expected one of {', '.join(s.name for s in PUBLIC_SOURCES)}", where=f"source {name!r}")


def _alpaca_eval(name: str, folder: str, note: str) -> PublicSource:
    return PublicSource(
        name=name,
        repository="tatsu-lab/alpaca_eval",
        commit="cd543a1",
        files=rf"results/([^/]+)/{folder}/annotations\.json",
        licence="CC-BY-NC-4.0",
        converter="alpaca_eval",
        may_ship=False,
        n_rows=569,
        note=f"Chat, {note}; to measure and experiment only.",
    )


PUBLIC_SOURCES: tuple[PublicSource, ...] = (
    PublicSource(
        name="routellm_mmlu",
        repository="lm-sys/RouteLLM",
        commit="0b64fda",
        files=r"routellm/evals/mmlu/responses/(?:mmlu_)?(.+)\.csv",
        licence="Apache-2.0",
        converter="routellm",
        may_ship=True,
        n_rows=14_042,
        note="Two models. In 5% of the rows only the cheap one is right: one-shot outcomes are noisy.",
    ),
    PublicSource(
        name="routellm_gsm8k",
        repository="lm-sys/RouteLLM",
        commit="0b64fda",
        files=r"routellm/evals/gsm8k/gsm8k_responses\.csv",
        licence="Apache-2.0",
        converter="routellm",
        may_ship=True,
        n_rows=1_319,
        note="Two models; the same questions as zeroeval_gsm.",
    ),
    PublicSource(
        name="zeroeval_gsm",
        repository="WildEval/ZeroEval",
        commit="8c1485e",
        files=r"result_dirs/gsm/([^/]+)\.json",
        licence="Apache-2.0",
        converter="zeroeval",
        may_ship=True,
        n_rows=1_319,
        note="43 models; the same questions as routellm_gsm8k.",
    ),
    PublicSource(
        name="zeroeval_math_l5",
        repository="WildEval/ZeroEval",
        commit="8c1485e",
        files=r"result_dirs/math-l5/([^/]+)\.json",
        licence="Apache-2.0",
        converter="zeroeval",
        may_ship=True,
        n_rows=721,
        note="41 models.",
    ),
    PublicSource(
        name="llmrouter_ulab",
        repository="ulab-uiuc/LLMRouter",
        commit="4e7a796",
        files=r"data/(?:example_data/query_data/default_query_(?:train|test)\.jsonl|dcrouter_preprocessed/(?:train|test)\.json)",
        licence="MIT",
        converter="llmrouter",
        may_ship=True,
        n_rows=6_038,
        note="Nine models, none of the frontier.",
    ),
    PublicSource(
        name="mmlu_pro",
        repository="TIGER-AI-Lab/MMLU-Pro",
        commit="f418b11",
        files=r"eval_results/(?:.*/)?([^/]+\.zip)",
        licence="Apache-2.0",
        converter="mmlu_pro",
        may_ship=True,
        n_rows=12_032,
        note="29 models, ten options a question.",
    ),
    PublicSource(
        name="bfcl",
        repository="HuanzhiMao/BFCL-Result",
        commit="b4adfc9",
        files=r"2024-08-11/(?:score/[^/]+/.+_score|result/[^/]+/gorilla_openfunctions_v1_test_.+_result)\.json",
        licence="NONE",
        converter="bfcl",
        may_ship=False,
        n_rows=1_460,
        note="71 models, tool calls with schemas and tokens; no licence file: to measure and experiment only.",
    ),
    PublicSource(
        name="workbench",
        repository="olly-styles/WorkBench",
        commit="42f1b6d",
        files=r"data/(?:processed/queries_and_answers/\w+_queries_and_answers|results/\w+/.+_domains_[\d_-]+)\.csv",
        licence="MIT",
        converter="workbench",
        may_ship=True,
        n_rows=690,
        note="Five models, 69 templates: split by template. Calls are compared, not end states: 3.4 points off.",
    ),
    _alpaca_eval("alpaca_eval1", "alpaca_eval_gpt4", "53 models judged against text-davinci-003"),
    _alpaca_eval("alpaca_eval2", "weighted_alpaca_eval_gpt4_turbo", "56 models judged against gpt-4-1106-preview"),
    _alpaca_eval("alpaca_eval2cot", "alpaca_eval_cot_gpt4_turbo_fn", "12 models judged against gpt-4-1106-preview"),
)
