"""OpenAI Chat Completions: what clients send and get, and what compatible providers take and send."""
