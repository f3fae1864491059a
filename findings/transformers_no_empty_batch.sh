#!/usr/bin/env bash
# A fast tokenizer of transformers 5.24.0 takes no empty batch: tokenizer([]) raises "IndexError: list index out of range",
# where a batch of one text gives a list of one. A pipeline whose filter leaves no text fails there, not at its end.
#
# Seen on 2026-12-01: one text gives {'input_ids': [[1, 2]]}, no texts raise IndexError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 tokenizers==0.23.3
"$folder/venv/bin/python" - <<'PYTHON'
import os

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

words = Tokenizer(models.WordLevel({"[UNK]": 0, "good": 1, "morning": 2}, unk_token="[UNK]"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
one = tokenizer(["good morning"])["input_ids"]
print("one text:", one)
assert one == [[1, 2]]
try:
    none = tokenizer([])
except IndexError as error:
    print("no texts: IndexError:", error)
else:
    raise SystemExit(f"changed: no texts give {none}")
PYTHON
