"""HTTP handlers, about ten lines each: parse, ask the router, render."""
