"""The Jinja environment of all pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from router.pages.numbers import count, gained, number, percent, usd

_SHARED = Path(__file__).parent


@cache
def environment_of(folder: Path) -> jinja2.Environment:
    """The environment for the templates of a folder; each template is compiled once."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, _SHARED]),
        autoescape=jinja2.select_autoescape(("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": percent, "number": number, "count": count, "gained": gained, "usd": usd}
    return environment
