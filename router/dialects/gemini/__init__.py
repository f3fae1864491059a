"""Gemini generateContent, as clients send it and as providers answer it."""
