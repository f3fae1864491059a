"""The judge of a cascade: what it is asked, and how its verdict is read."""

from __future__ import annotations

from router.catalog import BYTES_PER_TOKEN
from router.dialects.conversation import Answer, Conversation, Text, Turn
from router.forward.checks import calls_of, last_ask, text_of
from router.jsontext import encode_json
from router.policy import Judge

LONGEST_SHOWN = 24_000
"""Characters of the ask and of the answer that a judge is shown."""


def judge_conversation(judge: Judge, conversation: Conversation, answer: Answer) -> Conversation:
    """What a judge is asked: the last ask and the answer, as data in JSON."""
    calls = [{"tool": call.name, "arguments": call.arguments[:LONGEST_SHOWN]} for call in calls_of(answer)]
    shown = {
        "request": last_ask(conversation)[-LONGEST_SHOWN:],
        "answer": text_of(answer)[:LONGEST_SHOWN],
        **({"tool_calls": calls} if calls else {}),
    }
    turns = (Turn("system", (Text(judge.prompt),)), Turn("user", (Text(encode_json(shown).decode()),)))
    return Conversation(turns=turns)


def estimated_tokens(conversation: Conversation) -> int:
    """Input tokens of what a judge is asked, from its size."""
    texts = (part.text for turn in conversation.turns for part in turn.parts if isinstance(part, Text))
    return sum(len(text.encode("utf-8", "replace")) for text in texts) // BYTES_PER_TOKEN + 1


def says_fail(verdict: Answer) -> bool:
    """Whether the first word of the verdict is FAIL."""
    words = text_of(verdict).split(maxsplit=1)
    return bool(words) and words[0].strip("*_`'\".,:;!").upper() == "FAIL"
