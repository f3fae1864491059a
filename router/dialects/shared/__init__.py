"""What several dialects share: server-sent events, edits of JSON text, reading of fields, failures."""
