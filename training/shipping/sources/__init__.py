"""The public sources of outcome rows: where each comes from, under which licence, and how it is converted.

    python -m training.shipping.sources list
    python -m training.shipping.sources rebuild --repos DIR --out DIR [SOURCE ...]

The rows themselves are not in this project; `registry` records how they are made again, byte for byte. Nothing of
the repositories is executed: answers are compared as text or numbers, calls as parsed syntax trees.
"""

from training.shipping.sources.registry import PUBLIC_SOURCES, PublicSource

__all__ = ["PUBLIC_SOURCES", "PublicSource"]
