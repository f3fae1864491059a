"""Rows: what a row is, reading files of them, tiers of their models, labels, splits."""
