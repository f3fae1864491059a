"""Every client's dialect against every provider's: text, stream, tools, usage, finish, errors, passthrough."""

import json

import pytest

from tests.router.endpoints.service import ASK, BY_NAME, DIALECT_OF, FACES, key_of, service
from tests.router.providers.upstream import ANSWERS, STREAMS, answer, chat_chunk, frame, responses_stream, sse, stream

FINISH = {"chat": "stop", "responses": "completed", "messages": "end_turn", "gemini": "STOP"}
CITY = {"city": "Oslo"}
TOOL_ITEM = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": json.dumps(CITY),
}
TOOL_ANSWERS = {
    "openai_chat": ANSWERS["openai_chat"]
    | {
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "get_weather", "arguments": json.dumps(CITY)},
                        }
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ]
    },
    "openai_responses": ANSWERS["openai_responses"] | {"output": [TOOL_ITEM]},
    "anthropic": ANSWERS["anthropic"]
    | {
        "content": [{"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": CITY}],
        "stop_reason": "tool_use",
    },
    "gemini": ANSWERS["gemini"]
    | {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"functionCall": {"name": "get_weather", "args": CITY}}]},
                "finishReason": "STOP",
                "index": 0,
            }
        ]
    },
    "bedrock": ANSWERS["bedrock"]
    | {
        "output": {
            "message": {
                "role": "assistant",
                "content": [{"toolUse": {"toolUseId": "t1", "name": "get_weather", "input": CITY}}],
            }
        },
        "stopReason": "tool_use",
    },
}
REFUSALS = {
    "openai_chat": {"error": {"message": "bad value", "type": "invalid_request_error", "param": None, "code": None}},
    "openai_responses": {
        "error": {"message": "bad value", "type": "invalid_request_error", "param": "x", "code": None}
    },
    "anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": "bad value"}},
    "gemini": {"error": {"code": 400, "message": "bad value", "status": "INVALID_ARGUMENT"}},
    "bedrock": {"message": "bad value"},
}
TOOL_BLOCK = {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {}}
TOOL_DELTA = {"type": "input_json_delta", "partial_json": json.dumps(CITY)}
TOOL_USE = {"toolUseId": "t1", "name": "get_weather"}
TOOL_START = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
TOOL_STREAMS = {
    "openai_chat": sse(
        chat_chunk({"role": "assistant", "tool_calls": [TOOL_START]}),
        chat_chunk({"tool_calls": [{"index": 0, "function": {"arguments": json.dumps(CITY)}}]}),
        chat_chunk({}, "tool_calls"),
        "[DONE]",
    ),
    "openai_responses": responses_stream(
        {"type": "response.output_item.added", "output_index": 0, "item": TOOL_ITEM | {"arguments": ""}},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": json.dumps(CITY)},
        {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": json.dumps(CITY)},
        {"type": "response.output_item.done", "output_index": 0, "item": TOOL_ITEM},
        whole=TOOL_ANSWERS["openai_responses"],
    ),
    "anthropic": sse(
        *(
            tool_events := [
                {"type": "message_start", "message": ANSWERS["anthropic"] | {"content": [], "stop_reason": None}},
                {"type": "content_block_start", "index": 0, "content_block": TOOL_BLOCK},
                {"type": "content_block_delta", "index": 0, "delta": TOOL_DELTA},
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}},
                {"type": "message_stop"},
            ]
        ),
        names=[event["type"] for event in tool_events],
    ),
    "gemini": sse(TOOL_ANSWERS["gemini"]),
    "bedrock": [
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": TOOL_USE}}),
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": json.dumps(CITY)}}}),
        frame("contentBlockStop", {"contentBlockIndex": 0}),
        frame("messageStop", {"stopReason": "tool_use"}),
        frame("metadata", {"usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15}}),
    ],
}  # fmt: skip


def one_tier(model="a/m1"):
    return (("budget", (model,)), ("production", ("a/m2",)), ("frontier", ("a/m3",)))


@pytest.mark.parametrize("adapter", DIALECT_OF)
@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_every_client_gets_text_tools_usage_finish_and_errors_of_every_provider_in_its_own_dialect(
    router, tmp_path, run, face, adapter
):
    dialect = DIALECT_OF[adapter]

    async def go():
        script = [
            answer(dialect=dialect),
            stream(dialect=dialect),
            answer(TOOL_ANSWERS[dialect]),
            answer(dialect=dialect),
            stream(TOOL_STREAMS[dialect], dialect=dialect),
            answer(REFUSALS[dialect], status=400),
            answer(REFUSALS[dialect], status=400),
        ]
        async with service(
            router, tmp_path, {"a": script}, adapters={"a": adapter}, tiers=one_tier(), dispatch={"retries": 0}
        ) as made:
            told = await made.post(face, model="tier:budget")
            assert told.status_code == 200, told.text
            assert told.headers["content-type"] == "application/json"
            body = told.json()
            assert (face.text(body), face.finish(body), face.usage(body)) == ("Hi.", FINISH[face.name], (12, 3))
            assert told.headers["x-router-tier"] == "budget"
            assert told.headers["x-router-served-by"] == "a/m1"
            assert told.headers["x-router-attempts"] == "a/m1=200"
            passed = face.own == dialect
            if passed:
                assert body == ANSWERS[dialect]

            told = await made.post(face, stream=True, model="tier:budget")
            assert told.status_code == 200, told.text
            assert told.headers["content-type"].partition(";")[0] == face.stream_type
            assert told.headers["cache-control"] == "no-cache"
            assert "content-length" not in told.headers
            got = face.streamed(told.content)
            assert (got["text"], got["usage"], got["ended"], got["error"]) == ("Hi.", (12, 3), True, None)
            if passed:
                assert told.content == b"".join(STREAMS[dialect])

            told = await made.post(face, tools=True, model="tier:budget")
            body = told.json()
            assert face.call(body) == ("get_weather", CITY)
            told = await made.post(face, tools=True, model="tier:budget", **face.followed(body, "sunny in Oslo"))
            assert told.status_code == 200, told.text
            sent = made.upstreams["a"].seen[-1].body
            assert b"sunny in Oslo" in sent
            assert sent.count(b"get_weather") >= 2

            told = await made.post(face, stream=True, tools=True, model="tier:budget")
            got = face.streamed(told.content)
            assert (got["names"], got["ended"], got["error"]) == (["get_weather"], True, None)

            for streamed in (False, True):
                told = await made.post(face, stream=streamed, model="tier:budget")
                assert told.status_code == 400
                assert told.headers["x-should-retry"] == "false"
                assert "bad value" in face.error(told.json())
            assert len(made.calls) == 7
            for request in made.upstreams["a"].seen:
                assert key_of("a") in str(request.headers)
        await made.upstreams["a"].all_closed()

    run(go())


def test_a_body_of_the_providers_dialect_goes_as_it_came_but_for_the_model_and_what_is_for_us(router, tmp_path, run):
    raw = (
        b'{ "model" : "tier:budget",\n "messages":[{"role":"user","content":"caf\\u00e9 \\ud83d"}],"seed":1.0,'
        b'"x_vendor":{"b":1,  "a":2},"router":{"explain":true} , "temperature":1e0}'
    )
    expected = raw.replace(b'"tier:budget"', b'"m1"').replace(b',"router":{"explain":true}', b"")

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, tiers=one_tier()) as made:
            told = await made.client.post("/v1/chat/completions", content=raw)
            assert told.status_code == 200, told.text
            assert made.upstreams["a"].seen[0].body == expected
            assert "x-router-dropped" not in told.headers

    run(go())


NEW_CONTENT = {
    "turns": [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "https://v.test/a"}}]}]
}


@pytest.mark.parametrize("wants_stream", [False, True])
def test_what_only_the_provider_understands_reaches_one_that_speaks_the_clients_dialect(
    router, tmp_path, run, wants_stream
):
    face = BY_NAME["chat"]

    async def go():
        script = [stream() if wants_stream else answer()]
        async with service(router, tmp_path, {"a": script}, tiers=one_tier()) as made:
            told = await made.post(face, stream=wants_stream, model="tier:budget", **NEW_CONTENT)
            assert told.status_code == 200, told.text
            (seen,) = made.upstreams["a"].seen
            assert seen.json["messages"] == NEW_CONTENT["turns"]

    run(go())


CUSTOM = {"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "ls -l"}}


@pytest.mark.parametrize("wants_stream", [False, True])
def test_a_call_of_a_custom_tool_goes_back_as_it_came(router, tmp_path, run, wants_stream):
    message = {"role": "assistant", "content": None, "tool_calls": [CUSTOM]}
    whole = ANSWERS["openai_chat"] | {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    events = [
        *sse(chat_chunk({"tool_calls": [{"index": 0, **CUSTOM}]}), chat_chunk({}, "tool_calls")),
        b"data: [DONE]\n\n",
    ]

    async def go():
        script = [stream(events) if wants_stream else answer(whole)]
        async with service(router, tmp_path, {"a": script}, tiers=one_tier()) as made:
            told = await made.post(BY_NAME["chat"], stream=wants_stream, model="tier:budget")
            assert told.status_code == 200, told.text
            assert '"input": "ls -l"' in told.text

    run(go())


@pytest.mark.parametrize("adapter", ["openai_compatible", "anthropic"])
@pytest.mark.parametrize("wants_stream", [False, True])
def test_a_client_is_told_the_providers_request_id_and_in_its_own_dialect_the_rate_limits(
    router, tmp_path, run, adapter, wants_stream
):
    limits = {"x-ratelimit-remaining-requests": "59", "anthropic-ratelimit-tokens-limit": "9000"}
    given = {
        name.replace("-", "_"): value for name, value in {**limits, "x-request-id": "req_1", "server": "x"}.items()
    }
    make = stream if wants_stream else answer

    async def go():
        scripts = {"a": [make(dialect=DIALECT_OF[adapter], **given)]}
        async with service(router, tmp_path, scripts, adapters={"a": adapter}, tiers=one_tier()) as made:
            told = await made.post(BY_NAME["chat"], stream=wants_stream, model="tier:budget")
            assert told.headers["x-router-upstream-request-id"] == "req_1"
            passed = {name: told.headers[name] for name in limits if name in told.headers}
            assert passed == (limits if adapter == "openai_compatible" else {})
            assert told.headers.get("server") != "x"

    run(go())


def test_what_has_no_translation_is_refused_by_field_where_no_provider_speaks_the_clients_dialect(
    router, tmp_path, run
):
    async def go():
        made_of = {"adapters": {"a": "anthropic"}, "tiers": one_tier()}
        async with service(router, tmp_path, {"a": [answer(dialect="anthropic")]}, **made_of) as made:
            told = await made.post(BY_NAME["chat"], model="tier:budget", **NEW_CONTENT)
            assert told.status_code == 400
            assert told.json()["error"]["param"] == "messages[0].content[0].type"
            assert made.seen() == {}

    run(go())


def test_where_one_provider_failed_and_the_next_cannot_be_told_the_failure_is_what_the_client_hears(
    router, tmp_path, run
):
    async def go():
        tiers = (("budget", ("a/m1", "b/m2")), ("production", ("a/m2",)), ("frontier", ("a/m3",)))
        scripts = {"a": [answer(REFUSALS["openai_chat"], status=500)], "b": [answer(dialect="anthropic")]}
        async with service(router, tmp_path, scripts, adapters={"b": "anthropic"}, tiers=tiers) as made:
            told = await made.post(BY_NAME["chat"], model="tier:budget", **NEW_CONTENT)
            assert told.status_code >= 500
            assert made.seen() == {"a": 1}

    run(go())


def test_what_a_provider_cannot_be_told_is_named_in_a_header(router, tmp_path, run):
    async def go():
        async with service(
            router, tmp_path, {"a": [answer(dialect="anthropic")]}, adapters={"a": "anthropic"}, tiers=one_tier()
        ) as made:
            odd = {"x_\u6f22\u5b57": 1, "\n" * 50: 2}
            odd |= {f"field_{number}": 1 for number in range(500)}
            told = await made.post(BY_NAME["chat"], model="tier:budget", seed=7, logit_bias={"1": 2}, **odd)
            assert told.status_code == 200, told.text
            dropped = told.headers["x-router-dropped"]
            assert dropped.startswith("seed, ")
            assert "logit_bias" in dropped
            assert len(dropped) <= 1_000

    run(go())


@pytest.mark.parametrize("adapter", ["gemini", "anthropic"])
def test_without_alt_sse_a_gemini_stream_is_one_json_array_whoever_answers(router, tmp_path, run, adapter):
    face, dialect = BY_NAME["gemini"], DIALECT_OF[adapter]

    async def go():
        async with service(
            router, tmp_path, {"a": [stream(dialect=dialect)]}, adapters={"a": adapter}, tiers=one_tier()
        ) as made:
            body = face.request()[1]
            told = await made.client.post("/v1beta/models/auto:streamGenerateContent", json=body)
            assert told.headers["content-type"] == "application/json"
            got = face.frames(told.json())
            assert (got["text"], got["usage"], got["ended"]) == ("Hi.", (12, 3), True)

    run(go())


def test_cursors_responses_body_at_the_chat_endpoint_gets_a_chat_answer(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer(), stream()]}, tiers=one_tier()) as made:
            body = {"model": "auto", "input": [{"role": "user", "content": ASK}]}
            told = await made.client.post("/v1/chat/completions", json=body)
            assert BY_NAME["chat"].text(told.json()) == "Hi."
            assert made.upstreams["a"].seen[0].json["messages"] == [{"role": "user", "content": ASK}]
            told = await made.client.post("/v1/chat/completions", json={**body, "stream": True})
            got = BY_NAME["chat"].streamed(told.content)
            assert (got["text"], got["ended"], got["usage"]) == ("Hi.", True, None)

    run(go())


# --- Thinking that another provider did -------------------------------------------------------------------------------

SIGNED = "c2lnbmF0dXJlIG9mIGFub3RoZXI="
THOUGHT = {
    "gemini": ANSWERS["gemini"]
    | {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "Hm.", "thought": True},
                        {"functionCall": {"name": "get_weather", "args": CITY}, "thoughtSignature": SIGNED},
                    ],
                },
                "finishReason": "STOP",
                "index": 0,
            }
        ]
    },
    "anthropic": ANSWERS["anthropic"]
    | {
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": SIGNED},
            {"type": "redacted_thinking", "data": SIGNED},
            {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": CITY},
        ],
        "stop_reason": "tool_use",
    },
}


@pytest.mark.parametrize(
    ("name", "first", "second"), [("messages", "gemini", "anthropic"), ("gemini", "anthropic", "gemini")]
)
def test_thinking_of_another_provider_comes_without_a_signature_and_does_not_go_to_the_clients_own(
    router, tmp_path, run, name, first, second
):
    face = BY_NAME[name]

    async def go():
        scripts = {"a": [answer(THOUGHT[first])], "c": [answer(dialect=second)]}
        tiers = (("budget", ("a/m1",)), ("production", ("c/m3",)), ("frontier", ("c/m4",)))
        async with service(router, tmp_path, scripts, adapters={"a": first, "c": second}, tiers=tiers) as made:
            told = await made.post(face, tools=True, model="tier:budget")
            assert SIGNED not in told.text
            assert face.call(told.json()) == ("get_weather", CITY)
            more = face.followed(told.json(), "sunny")
            told = await made.post(face, tools=True, model="tier:production", **more)
            assert told.status_code == 200, told.text
            sent = made.upstreams["c"].seen[0].body
            assert b"sunny" in sent
            if name == "messages":
                assert b'"thinking"' not in sent
            else:
                assert b"c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=" in sent

    run(go())


@pytest.mark.parametrize(("name", "own"), [("messages", "anthropic"), ("gemini", "gemini")])
def test_a_providers_own_signatures_reach_its_client_and_come_back_byte_for_byte(router, tmp_path, run, name, own):
    face = BY_NAME[name]

    async def go():
        async with service(
            router, tmp_path, {"a": [answer(THOUGHT[own])]}, adapters={"a": own}, tiers=one_tier()
        ) as made:
            told = await made.post(face, tools=True)
            assert told.json() == THOUGHT[own]
            path, body = face.request(tools=True, **face.followed(told.json(), "sunny"))
            raw = json.dumps(body, indent=1).encode()
            await made.client.post(path, content=raw, headers=face.headers)
            sent = made.upstreams["a"].seen[1].body
            assert sent == raw.replace(b'"auto"', b'"m1"')

    run(go())


@pytest.mark.parametrize("name", ["chat", "responses", "messages"])
def test_usage_that_the_provider_leaves_out_is_an_estimate_that_says_so(router, tmp_path, run, name):
    without = {key: value for key, value in ANSWERS["gemini"].items() if key != "usageMetadata"}

    async def go():
        scripts = {"a": [answer(without, dialect="gemini"), answer(dialect="gemini")]}
        async with service(router, tmp_path, scripts, adapters={"a": "gemini"}, tiers=one_tier()) as made:
            face = BY_NAME[name]
            told = await made.post(face, model="tier:budget")
            assert told.headers["x-router-usage"] == "estimated"
            usage = told.json()["usage"]
            assert usage["estimated"] is True
            counted = {"prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"}
            assert all(usage[key] > 0 for key in counted & {*usage})
            told = await made.post(face, model="tier:budget")
            assert "x-router-usage" not in told.headers and "estimated" not in told.json()["usage"]

    run(go())


def test_a_request_with_a_hosted_tool_alone_goes_to_a_provider_of_its_dialect(router, tmp_path, run):
    async def go():
        scripts = {"a": [answer()], "c": [answer(dialect="anthropic")]}
        tiers = (("budget", ("a/m1",)), ("production", ("c/m3",)), ("frontier", ("a/m4",)))
        async with service(router, tmp_path, scripts, adapters={"c": "anthropic"}, tiers=tiers) as made:
            tool = {"type": "web_search_20250305", "name": "web_search"}
            body = {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": ASK}], "tools": [tool]}
            told = await made.client.post("/v1/messages", json=body)
            assert (told.status_code, made.seen(), told.headers["x-router-reason"]) == (200, {"c": 1}, "capability")
            assert made.upstreams["c"].seen[0].json["tools"] == [tool]

    run(go())
