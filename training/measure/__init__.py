"""Measuring: rows as the service would decide them, beside baselines, with intervals; the gate that follows from it."""
