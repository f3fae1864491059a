"""HTTP bodies to types and back. Pure: decoded JSON in, values out; no clock, no network, no files."""
