"""Checking what is read from files: one set of kinds, one mapping of pydantic's errors to our sentences.

`kinds` say what a value may be, as metadata of annotations, and load no pydantic.  `document` reads a decoded file into
annotated dataclasses and models, and collects every fault of it with file, line and key.
"""
