"""Dialects: the languages of request and answer bodies, one folder each, over one neutral conversation. Pure."""
