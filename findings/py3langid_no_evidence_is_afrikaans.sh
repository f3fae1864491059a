#!/usr/bin/env bash
# py3langid 0.4.0 names a language for every text, also where nothing in it speaks for one: a text without any known
# feature gets the first of its languages, `af`, with the lowest number that a float32 holds as its log-probability.
# "ok", "hi" and "123" are all Afrikaans. Short words of other scripts go astray as well: Russian "спасибо" is `uz`.
# Who routes or filters by language needs a rule of their own for short texts: the score says so, the label does not.
#
# Seen on 2026-11-30: ok, hi, 123 -> ('af', -3.4028234663852886e+38); спасибо -> 'uz'; привет -> 'ru'.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check py3langid==0.4.0
"$folder/venv/bin/python" - <<'PYTHON'
import py3langid

found = {text: py3langid.classify(text) for text in ("ok", "hi", "123", "спасибо", "привет")}
for text, (language, score) in found.items():
    print(f"{text}: {language} {score:.4g}")
assert all(found[text][0] == "af" and found[text][1] < -3e38 for text in ("ok", "hi", "123"))
assert (found["спасибо"][0], found["привет"][0]) == ("uz", "ru")
PYTHON
