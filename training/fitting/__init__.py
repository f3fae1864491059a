"""Learning: encoders, features, heads, calibration and the domain, from prepared rows to a brain."""
