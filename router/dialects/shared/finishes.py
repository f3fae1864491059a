"""Why answers end: every provider's words, in one table.

Compatible servers mix the words of all dialects (z.ai ends a chat completion with Anthropic's
`model_context_window_exceeded`), so that every dialect is read with the same table. A word that is not in it is an
ordinary end: an answer is not thrown away for a word.

Sources: OpenAI https://platform.openai.com/docs/api-reference/chat/object; Anthropic
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons; Gemini
https://ai.google.dev/api/generate-content#FinishReason; Bedrock
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html; Mistral https://docs.mistral.ai/api/;
DeepSeek https://api-docs.deepseek.com/api/create-chat-completion; z.ai
https://docs.z.ai/api-reference/llm/chat-completion and openclaw/openclaw#34632; Cohere
https://docs.cohere.com/reference/chat; TGI https://huggingface.co/docs/text-generation-inference/reference/api_reference;
vLLM vllm/v1/request.py and SGLang sglang/srt/managers/schedule_batch.py (`abort`); OpenRouter
https://openrouter.ai/docs/api-reference/errors; Together https://docs.together.ai/reference/chat-completions-1;
LiteLLM's litellm/litellm_core_utils/core_helpers.py for words that none of these pages has.
"""

from __future__ import annotations

from router.dialects.conversation import Finish

_WORDS: dict[Finish, str] = {
    Finish.STOP: (
        "stop end_turn stop_sequence pause_turn eos eos_token end_of_text stop_token "  # Together, TGI: eos, eos_token
        "complete completed end finished done normal"  # Cohere: COMPLETE
    ),
    # The answer is cut, by a limit of its own, by a full window, or by the server (`abort`): it is not complete.
    Finish.LENGTH: (
        "length max_tokens max_output_tokens max_completion_tokens max_new_tokens max_length model_length "
        "max_tokens_reached token_limit token_limit_reached output_token_limit incomplete "
        "model_context_window_exceeded context_window_exceeded context_length_exceeded max_context_length "
        "context_length abort aborted cancelled"
    ),
    Finish.TOOL_CALLS: "tool_calls tool_call tool_use tool function_call function_calls",
    Finish.CONTENT_FILTER: (
        "content_filter content_filtered content_filter_error sensitive safety refusal guardrail_intervened "
        "recitation language blocklist prohibited_content spii model_armor error_toxic "
        "image_safety image_prohibited_content image_recitation"
    ),
    # The model's own output could not be used: the same request may well succeed.
    Finish.BROKEN: (
        "malformed_function_call malformed_response malformed_model_output malformed_tool_use malformed_tool_call "
        "unexpected_tool_call too_many_tool_calls missing_thought_signature image_other no_image other "
        "error network_error server_error internal_error insufficient_system_resource timeout"
    ),
}
_FINISHES = {word: finish for finish, words in _WORDS.items() for word in words.split()}

FAILURE_WORDS = frozenset(
    "error network_error server_error internal_error insufficient_system_resource timeout".split()
)
"""Those by which a server says that it, not the model, ended the answer: inside a stream they are an error."""


def finish_of(word: str) -> Finish | None:
    """What a provider's word means, in any spelling of case; None for a word that is not known, and for none."""
    plain = word.strip().lower().removeprefix("finish_reason_")
    return Finish.BROKEN if "malformed" in plain else _FINISHES.get(plain)
