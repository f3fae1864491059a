"""Measuring: rows as the service would decide them, next to baselines, with intervals; the gate that follows from it."""
