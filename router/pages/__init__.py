"""Pages from templates: one Jinja environment, number filters (`numbers`), one base style sheet (`base.css`).

    render(Path(__file__).with_name("page.html.j2"), title="Savings", saved=0.257)

Templates named `*.html.j2` escape every value. A value that a template names and does not get is an error.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["render"]


def render(template: Path, **values: object) -> str:
    """The text of a template file; it may include files of its own folder and of this one.

    Raises jinja2.UndefinedError for a missing value, jinja2.TemplateError for a template with a mistake.
    """
    from router.pages.environment import environment_of  # Jinja is imported when the first page is rendered

    return environment_of(template.parent).get_template(template.name).render(values)
