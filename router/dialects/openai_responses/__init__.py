"""OpenAI Responses, the stateless part: a client's dialect only."""
