"""The optional libraries that training needs."""

from __future__ import annotations

import os

from router.errors import MissingExtra


def require_train_extra() -> None:
    """Raise MissingExtra where the libraries of the extra `train` are not installed."""
    try:
        import joblib  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("this command", extra="train") from exc
    # Tokenizers warn when their threads meet joblib's processes; training never needs both at once.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
