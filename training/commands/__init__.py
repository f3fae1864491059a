"""The commands `fit`, `evaluate`, `compare` and `audit`: arguments in, files out."""
