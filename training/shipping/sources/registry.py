"""The registry of public sources: one row each. What may ship is decided here, by licence.

`files` is a regular expression over whole paths in the repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.errors import DataError
from training.rows.licences import PUBLIC_LICENCES

HOST = "https://github.com"
SHIPPABLE_LICENCES = frozenset({"Apache-2.0", "MIT"})

_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class PublicSource:
    """Where one source's rows come from.

    repository: `owner/name` at HOST.  commit: 7 to 40 hex digits.  converter: module of training.shipping.sources.
    n_rows: how many rows the conversion gives.  files: pattern of the paths that are read.
    note: what to know before using it.  licence: SPDX identifier; `NONE` where the repository states none.
    """

    name: str
    repository: str
    commit: str
    converter: str
    n_rows: int
    files: str
    note: str
    licence: str

    def __post_init__(self) -> None:
        # The repository becomes part of a URL and of a folder's name, the commit an argument of git.
        if not (_REPOSITORY.fullmatch(self.repository) and _COMMIT.fullmatch(self.commit)):
            raise ValueError(f"{self.name}: {self.repository!r} at {self.commit!r} is not `owner/name` at a commit")

    @property
    def may_ship(self) -> bool:
        """Whether a bundle that ships may be trained on the rows."""
        return self.licence in SHIPPABLE_LICENCES

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


_LLMROUTER = (
    r"data/(?:example_data/query_data/default_query_(train|test)\.jsonl|dcrouter_preprocessed/(train|test)\.json)"
)
_BFCL = r"2024-08-11/(?:score/[^/]+/.+_score|result/[^/]+/gorilla_openfunctions_v1_test_.+_result)\.json"
_WORKBENCH = r"data/(?:processed/queries_and_answers/\w+_queries_and_answers|results/\w+/.+_domains_[\d_-]+)\.csv"
_ALPACA = r"results/([^/]+)/{}/annotations\.json"

# fmt: off
_ROWS: tuple[tuple[str, str, str, str, int, str, str], ...] = (
    # name, repository, commit, converter, rows, files, note
    ("routellm_mmlu", "lm-sys/RouteLLM", "0b64fda", "routellm", 14_042,
     r"routellm/evals/mmlu/responses/(?:mmlu_)?(.+)\.csv",
     "Two models. In 5% of the rows only the cheap one is right: one-shot outcomes are noisy."),
    ("routellm_gsm8k", "lm-sys/RouteLLM", "0b64fda", "routellm", 1_319, r"routellm/evals/gsm8k/gsm8k_responses\.csv",
     "Two models; the same questions as zeroeval_gsm."),
    ("zeroeval_gsm", "WildEval/ZeroEval", "8c1485e", "zeroeval", 1_319, r"result_dirs/gsm/([^/]+)\.json",
     "43 models; the same questions as routellm_gsm8k."),
    ("zeroeval_math_l5", "WildEval/ZeroEval", "8c1485e", "zeroeval", 721, r"result_dirs/math-l5/([^/]+)\.json",
     "41 models."),
    ("llmrouter_ulab", "ulab-uiuc/LLMRouter", "4e7a796", "llmrouter", 6_038, _LLMROUTER,
     "Nine models, none of the frontier."),
    ("mmlu_pro", "TIGER-AI-Lab/MMLU-Pro", "f418b11", "mmlu_pro", 12_032, r"eval_results/(?:.*/)?([^/]+\.zip)",
     "29 models, ten options per question."),
    ("bfcl", "HuanzhiMao/BFCL-Result", "b4adfc9", "bfcl", 1_460, _BFCL,
     "71 models, tool calls with schemas and tokens; no licence file: to measure and experiment only."),
    ("workbench", "olly-styles/WorkBench", "42f1b6d", "workbench", 690, _WORKBENCH,
     "Five models, 69 templates: split by template. Calls are compared, not end states: 3.4 points off."),
    ("alpaca_eval1", "tatsu-lab/alpaca_eval", "cd543a1", "alpaca_eval", 569, _ALPACA.format("alpaca_eval_gpt4"),
     "Chat, 53 models judged against text-davinci-003; to measure and experiment only."),
    ("alpaca_eval2", "tatsu-lab/alpaca_eval", "cd543a1", "alpaca_eval", 569,
     _ALPACA.format("weighted_alpaca_eval_gpt4_turbo"),
     "Chat, 56 models judged against gpt-4-1106-preview; to measure and experiment only."),
    ("alpaca_eval2cot", "tatsu-lab/alpaca_eval", "cd543a1", "alpaca_eval", 569,
     _ALPACA.format("alpaca_eval_cot_gpt4_turbo_fn"),
     "Chat, 12 models judged against gpt-4-1106-preview; to measure and experiment only."),
)
# fmt: on

PUBLIC_SOURCES: tuple[PublicSource, ...] = tuple(PublicSource(*row, licence=PUBLIC_LICENCES[row[0]]) for row in _ROWS)
