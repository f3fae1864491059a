"""The pictures of docs/architecture.md, drawn as SVG from lists of steps: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import pairwise

WIDTH, HEIGHT = 236, 62
GAP_X, GAP_Y = 40, 36
MARGIN = 4
COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Box:
    """One box. column, row: its place, from 0.  where: the folder or file that does the work; "" for none."""

    column: int
    row: int
    title: str
    where: str = ""

    @property
    def left(self) -> int:
        """Pixels from the left edge."""
        return MARGIN + self.column * (WIDTH + GAP_X)

    @property
    def top(self) -> int:
        """Pixels from the top edge."""
        return MARGIN + self.row * (HEIGHT + GAP_Y)

    def svg(self) -> str:
        """The rectangle with its one or two lines of text."""
        middle = self.left + WIDTH // 2
        line = self.top + (27 if self.where else 36)
        where = self.where and f'<text class="where" x="{middle}" y="{self.top + 46}">{escape(self.where)}</text>'
        kind = "box" if self.where else "box outside"
        return (
            f'<rect class="{kind}" x="{self.left}" y="{self.top}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
            f'<text class="title" x="{middle}" y="{line}">{escape(self.title)}</text>{where}'
        )


@dataclass(frozen=True, slots=True)
class Arrow:
    """A straight arrow from one box to the next, to its side or below it."""

    start: str
    end: str

    def svg(self, boxes: Mapping[str, Box]) -> str:
        """The line; its head is the marker that `draw` defines."""
        start, end = boxes[self.start], boxes[self.end]
        if start.row != end.row:
            return f'<path class="arrow" d="M{start.left + WIDTH // 2} {start.top + HEIGHT} V{end.top}"/>'
        x1, x2 = (start.left + WIDTH, end.left) if end.left > start.left else (start.left, end.left + WIDTH)
        return f'<path class="arrow" d="M{x1} {start.top + HEIGHT // 2} H{x2}"/>'


def draw(name: str, caption: str, boxes: Mapping[str, Box], arrows: Sequence[Arrow]) -> str:
    """A figure in one line of HTML, as Markdown wants it. Colours come from docs/assets/pictures.css."""
    width = max(box.left for box in boxes.values()) + WIDTH + MARGIN
    height = max(box.top for box in boxes.values()) + HEIGHT + MARGIN
    head = (
        f'<marker id="head-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0 L8 4 L0 8 z"/></marker>'
    )
    lines = "".join(arrow.svg(boxes) for arrow in arrows).replace(
        'class="arrow"', f'class="arrow" marker-end="url(#head-{name})"'
    )
    drawn = "".join(box.svg() for box in boxes.values())
    return (
        f'<figure class="picture"><svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(caption)}" '
        f'style="max-width:{width}px"><defs>{head}</defs>{lines}{drawn}</svg></figure>'
    )


def snake(steps: Sequence[tuple[str, str]]) -> tuple[dict[str, Box], list[Arrow]]:
    """(title, where) of steps in a row that turns at each edge, with an arrow from each to the next."""
    boxes: dict[str, Box] = {}
    for number, (title, where) in enumerate(steps):
        row, place = divmod(number, COLUMNS)
        boxes[title] = Box(COLUMNS - 1 - place if row % 2 else place, row, title, where)
    return boxes, [Arrow(start, end) for start, end in pairwise(boxes)]


REQUEST = (
    ("client", ""),
    ("endpoint: key, size, JSON", "router/endpoints/"),
    ("dialect: one conversation", "router/dialects/"),
    ("reading: ask, turn, signals", "router/reading/"),
    ("classifier: loss per tier", "router/brain/"),
    ("policy: seven steps, a plan", "router/policy/"),
    ("the decision", "router/core.py"),
    ("forward: walks the plan", "router/forward/"),
    ("attempts: retry, breaker", "router/providers/"),
    ("provider", ""),
    ("answer in the client's dialect", "router/dialects/"),
    ("a record per attempt", "router/account/"),
)
ROW = (
    ("rows: .jsonl, .parquet", ""),
    ("checked rows", "training/rows/"),
    ("labels by the tier map", "training/labels/labels.py"),
    ("splits by group", "training/rows/splits.py"),
    ("reading, as in the service", "router/reading/"),
    ("embeddings", "training/fitting/embed.py"),
    ("heads, calibration", "training/fitting/"),
    ("threshold, promise", "training/thresholds/choose.py"),
    ("test rows, baselines", "training/measure/"),
    ("gate", "training/measure/gate.py"),
    ("bundle", "router/brain/bundle/write.py"),
    ("report and card", "training/report/"),
)
BUNDLE = (
    ("folder of arrays and JSON", ""),
    ("manifest, schema version", "router/brain/bundle/manifest.py"),
    ("sha256 and size of each file", "router/brain/bundle/load.py"),
    ("encoder", "router/brain/encoders/"),
    ("heads, calibration, n-grams", "router/brain/brain.py"),
    ("golden prompts reproduced", "router/brain/bundle/golden.py"),
    ("tiers match the settings", "router/core.py"),
    ("ready to decide", ""),
)

PICTURES: dict[str, Callable[[], str]] = {
    "request": partial(draw, "request", "The way of a request", *snake(REQUEST)),
    "row": partial(draw, "row", "The way of a row into a bundle", *snake(ROW)),
    "bundle": partial(draw, "bundle", "The way of a bundle from disk to a decision", *snake(BUNDLE)),
}
"""Each picture by name."""
