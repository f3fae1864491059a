"""Thresholds: chosen for a goal on rows that no head saw, with a bound that holds with the stated confidence."""
