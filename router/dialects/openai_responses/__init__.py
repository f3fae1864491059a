"""OpenAI Responses: what clients send and get, and what OpenAI takes where its Chat Completions refuse."""
