"""Rows as the service would decide them, next to baselines, with intervals; and the gate."""
