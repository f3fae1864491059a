"""Envelopes come off, the user's words stay, and no text takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.envelopes import KNOWN_BLOCKS, Envelope, peel

INTERNAL = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nConversation data: x\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"
RUNTIME = "\n\nRuntime: agent=main | session=agent:main:main | sessionId=036e | host=box | os=linux"
REMINDER = "<system-reminder>\nContext is 12% used.\n</system-reminder>"
AGENTS_MD = "# AGENTS.md instructions for /home/me/demo\n\n<INSTRUCTIONS>\nUse tabs.\n\n</INSTRUCTIONS>"
ENVIRONMENT = "<environment_context>\n  <cwd>/x</cwd>\n</environment_context>"
SKILL = "<skill>\n<name>tidy</name>\n<path>/x/SKILL.md</path>\n---\nSort the imports.\n\n</skill>"
NAMED = "<command-message>fix</command-message>\n<command-name>/fix</command-name>"
COMMAND = f"{NAMED}\n<command-args>the parser</command-args>\n"
OPERATOR = Envelope("[[meta", "meta]]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "hello"),
        ("  hello\n", "hello"),
        ("", ""),
        ("[Tue 2026-11-24 07:50 UTC] hello there" + RUNTIME, "hello there"),
        ("[Tue 2026-11-24 07:50 Europe/Oslo] hei", "hei"),
        ("[Tue 2026-11-24 07:50 GMT+2] hei", "hei"),
        ("[Tue 2026-11-24 08:00 UTC] [OpenClaw heartbeat poll]", "[OpenClaw heartbeat poll]"),
        (INTERNAL, ""),
        (f"hello\n{INTERNAL}", "hello"),
        (f"{REMINDER}\nconvert 5ft 11", "convert 5ft 11"),
        (f"convert 5ft 11\n{REMINDER}", "convert 5ft 11"),
        (f"convert\n{REMINDER}\n5ft 11", "convert\n5ft 11"),
        (f"{REMINDER}{REMINDER}", ""),
        (f"[Tue 2026-11-24 07:50 UTC] {REMINDER} hi", "hi"),
        (ENVIRONMENT, ""),
        (AGENTS_MD, ""),
        (f"{AGENTS_MD}\n{ENVIRONMENT}", ""),
        (f"{AGENTS_MD}\nlist files", "list files"),
        (f"list files\n{AGENTS_MD}", "list files"),
        (SKILL, ""),
        (f"$tidy the parser\n{SKILL}", "$tidy the parser"),
        (f"{REMINDER}\n{COMMAND}\nFix the bug in the parser.\n", "Fix the bug in the parser."),
        (f"{REMINDER}\n{COMMAND}", "/fix the parser"),
        (f"{COMMAND}{REMINDER}", "/fix the parser"),
        (f"{NAMED}\n<command-args></command-args>", "/fix"),
        (NAMED, "/fix"),
        (f"{NAMED}\nFix the bug.", "Fix the bug."),
        ("<command-name>/fix</command-name>\n  <command-message>fix</command-message>\n  Fix it.", "Fix it."),
        (f"{NAMED}<command-args>a <b>\nc</command-args>", "/fix a <b>\nc"),
        ("<env>\nPlatform: linux\n</env>\nlist files", "list files"),
        ("x-anthropic-billing-header: cc_version=2; cc_entrypoint=cli;\nlist files", "list files"),
    ],
)
def test_known_envelopes_come_off(text, said):
    assert peel(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "why does <system-reminder>this</system-reminder> show up in my prompt?",
        "<system-reminder> is never closed, is it?",
        "how do I parse a [Tue 2026-11-24 07:50 UTC] stamp?",
        "what does </system-reminder> close?",
        "explain:\n\nRuntime: agent=main | x\nand what it is for",
        "Runtime: agent=main is the first line",
        "# AGENTS.md instructions for /home/me/demo\n\nUse tabs.",
        "# AGENTS.md instructions for /home/me/demo\n\nUse tabs.\n\n<INSTRUCTIONS>\nand spaces\n</INSTRUCTIONS>",
        "# AGENTS.md instructions for /home/me/demo\n\n<INSTRUCTIONS>\nnever closed",
        "<INSTRUCTIONS>\nUse tabs.\n</INSTRUCTIONS>",
        "see # AGENTS.md instructions for /x\n\n<INSTRUCTIONS>\nUse tabs.\n</INSTRUCTIONS>",
        "<skill>\nwoodwork\n</skill>",
        "why does Codex send <skill>\n<name>tidy</name>\n</skill>?",
        f"what does this mean?\n{COMMAND}".strip(),
        "<command-name>/fix</command-name> is a tag of whom?",
        "<command-message>fix</command-message>\nwhat is this?",
        "<command-message>fix</command-message>\n<command-name>fix it</command-name>",
        "<command-message>fix\n<command-name>/fix</command-name>\nnot closed",
        "[Tuesday] hello",
        '{"text": "<system-reminder>x</system-reminder>"}',
    ],
)
def test_a_user_who_mentions_a_marker_keeps_his_text(text):
    assert peel(text) == text


def test_an_operators_markers_come_off_wherever_they_stand():
    assert peel("hello [[meta lang=en meta]] there", [OPERATOR]) == "hello\nthere"
    assert peel("hello [[meta lang=en", [OPERATOR]) == "hello [[meta lang=en"
    assert peel("hello [[meta lang=en meta]] there") == "hello [[meta lang=en meta]] there"


@pytest.mark.parametrize("markers", [("", "x"), ("x", ""), (" ", "x")])
def test_a_blank_marker_is_refused(markers):
    with pytest.raises(ValueError, match="not blank"):
        Envelope(*markers)


def test_an_agents_heading_that_opens_nothing_leaves_the_next_one():
    assert peel(f"# AGENTS.md instructions for whom?\n{AGENTS_MD}\nlist files") == (
        "# AGENTS.md instructions for whom?\nlist files"
    )


words = st.text(st.characters(codec="utf-8", exclude_characters="<>[]"), max_size=30)
pairs_of_markers = st.sampled_from(
    [*KNOWN_BLOCKS, Envelope("# AGENTS.md instructions for /x\n\n<INSTRUCTIONS>", "</INSTRUCTIONS>")]
)
blocks = st.tuples(pairs_of_markers, words).map(lambda pair: f"{pair[0].start}{pair[1]}{pair[0].end}")
markers = st.sampled_from([marker for block in KNOWN_BLOCKS for marker in (block.start, block.end)])
scraps = st.sampled_from(
    [
        "\n",
        " ",
        COMMAND,
        NAMED,
        AGENTS_MD[:50],
        AGENTS_MD[:20],
        "[Tue 2026-11-24 07:50 UTC] ",
        RUNTIME,
        "\n\nRuntime: agent=",
        "[[meta",
        "meta]]",
    ]
)
harness_like = st.lists(words | blocks | markers | scraps, max_size=12).map("".join)


@given(st.lists(st.tuples(words, blocks), max_size=6), words)
def test_no_word_outside_the_markers_is_lost(pairs, last):
    text = "".join(f"{said}\n{block}\n" for said, block in pairs) + last
    kept = "\n".join(piece.strip() for piece in (*(said for said, _ in pairs), last) if piece.strip())
    assert peel(text).split() == kept.split()


@given(harness_like, st.booleans())
def test_peeling_twice_is_peeling_once(text, operator):
    extra = [OPERATOR] if operator else []
    once = peel(text, extra)
    assert peel(once, extra) == once


@given(st.text(st.characters(exclude_characters="[<:")))
def test_a_text_without_markers_is_only_stripped(text):
    assert peel(text) == text.strip()


@pytest.mark.parametrize(
    "unit",
    [
        "<system-reminder>",
        "a <system-reminder> ",
        "<env>x</env>",
        "<env>\n",
        "a <env>x</env>",
        "<env></system-reminder><system-reminder></env>",
        "[Tue 2026-11-24 07:50 UTC] ",
        "\n\nRuntime: agent=",
        "\n\nRuntime: agent=a",
        "   ",
        "[[meta",
        "# AGENTS.md instructions for ",
        "# AGENTS.md instructions for x\n",
        "# AGENTS.md instructions for x\n\n<INSTRUCTIONS>",
        "<INSTRUCTIONS></INSTRUCTIONS>\n# AGENTS.md instructions for \n",
        AGENTS_MD,
        SKILL,
        "<skill>\n<name>",
        COMMAND,
        f"{NAMED}<command-args>",
        "<command-message>",
        "<command-message></command-message>",
        "<command-name>/a</command-name><command-message>",
        "[Tue 2026-11-24 07:50 UTC] <command-args></command-args>",
    ],
    ids=ascii,
)
def test_the_time_is_linear_in_a_hostile_text(unit):
    text = unit * (2_000_000 // len(unit))
    start_s = time.thread_time()
    peel(text, [OPERATOR])
    # About 0.1 s; a search that starts over at each marker reads the text a hundred thousand times, and takes a minute.
    assert time.thread_time() - start_s < 3.0
