"""The commands `fit` and `evaluate`: arguments in, files out."""
