"""Frames: prompts, events and messages that a program made around one ask, and the ask inside them.

Each module knows one kind of frame by its structure. A frame counts only where the structure says that all the rest is
a frame; a text that could be the user's own stays whole.
"""
