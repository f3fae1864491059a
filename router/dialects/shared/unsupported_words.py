"""What vendors say where this model, or they, cannot do what is asked; a part of the table in `vendor_words`."""

from __future__ import annotations

from router.dialects.conversation import FailureKind as K
from router.dialects.shared.vendor_row import BEDROCK_DOCS, OPENAI_DOCS, OPENROUTER_DOCS, Row, coded, worded

# What this model or vendor cannot do, or not together. Another can: nothing is wrong with the request.
UNSUPPORTED: tuple[Row, ...] = (
    *coded(
        K.UNSUPPORTED,
        ("mistral", "https://github.com/BerriAI/litellm/issues/17761", "invalid_request_message_order"),
        ("openai", OPENAI_DOCS, "invalid_function_parameters invalid_json_schema"),
    ),
    *coded(
        K.BROKEN_ANSWER,
        (
            "groq",
            "https://github.com/huggingface/smolagents/issues/1119",
            "tool_use_failed json_validate_failed output_parse_failed",
        ),
    ),
    *worded(
        K.UNSUPPORTED,
        (
            "deepseek, moonshot, anthropic",
            "https://github.com/BerriAI/litellm/issues/31466",
            "thinking mode does not support|incompatible with thinking|thinking may not be enabled when"
            "|tool_choice .{0,60}(?:not support|incompatible|unsupported)"
            "|(?:does ?n[o']t|not) support .{0,20}tool_choice",
        ),
        (
            "deepseek",
            "https://github.com/llm-exe/llm-exe/issues/662",
            "response_format type is unavailable|response_format.{0,60}(?:not supported"
            "|unsupported|unavailable|not available)|(?:does ?n[o']t|not) support .{0,20}(?:response_format"
            "|json_schema|structured outputs?)",
        ),
        (
            "openai",
            "https://platform.openai.com/docs/guides/latest-model",
            "function tools with reasoning|tools? .{0,60}(?:not supported|unsupported) .{0,20}(?:in"
            "|with) .{0,60}(?:v1/|reason)",
        ),
        (
            "deepseek, moonshot",
            "https://github.com/1jehuang/jcode/issues/322",
            "reasoning_content.{0,60}(?:must be passed|is missing|missing)",
        ),
        (
            "openrouter",
            OPENROUTER_DOCS,
            r"no (?:endpoints(?! found for [\w./:-]+$)|allowed providers|providers)\b.{0,40}(?:support"
            "|found|available|match)",
        ),
        (
            "ollama, vllm, llamacpp, groq",
            "https://github.com/ollama/ollama/issues/8517",
            "(?:does ?n[o']t|not) support (?:tools?|tool calls?|tool use|function call"
            "|images?|vision|audio|multimodal)|image input is not supported"
            "|(?:tools?|function calling|tool use) (?:is|are) not (?:supported"
            "|enabled)|auto.? tool choice requires|not a (?:multimodal|vision) model"
            "|(?:cannot|can't) both|only one of",
        ),
        (
            "groq, together, xai, vllm",
            "https://console.groq.com/docs/structured-outputs",
            r"(?:tool (?:calling|use)|function calling)\W{0,3}(?: with .{0,60})? is (?:not supported|unsupported)"
            r"|(?:image|audio|video|file|document)s? (?:inputs?|content)\b.{0,20} not supported"
            "|at most 0 (?:image|audio|video)|not supported for json mode|json mode cannot be combined|requires --jinja"
            "|enable_thinking must be|with a response mime type",
        ),
        (
            "mistral, google, vllm, llamacpp",
            "https://github.com/BerriAI/litellm/issues/17761",
            "expected last role|unexpected role|roles must alternate|system message must be (?:at|the)|consecutive "
            "assistant message|2 or more assistant messages|number of function (?:calls|response parts)"
            "|function call turn comes immediately|missing a thought_signature|tool call id was .{0,80}must be"
            "|blocks in the latest assistant message cannot be modified|must be defined when using tooluse",
        ),
        (
            "google, anthropic, vllm",
            "https://github.com/bethington/ghidra-mcp/issues/440",
            "too many states for serving|allowed nesting depth|grammar .{0,60}(?:could not|too large)|schema is"
            " too complex|unsupported schema|does not match any of the expected tags|unknown variant",
        ),
        (
            "bedrock, google, anthropic",
            BEDROCK_DOCS,
            "model does ?n[o']t support|did not allow prompt caching|is not enabled for (?:this model|models/)"
            "|not (?:yet )?available for this subscription",
        ),
        ("mistral, bedrock", BEDROCK_DOCS, "(?:streaming|system (?:prompt|message)s?) .{0,40}not supported"),
        (
            "anthropic",
            "https://platform.claude.com/docs/en/build-with-claude/extended-thinking",
            "invalid .?signature.? in .?thinking|does ?n[o']t support assistant message prefill"
            "|must (?:end|start) with a",
        ),
    ),
)
