"""Whether a bundle may take the place of the one that ships: it passes the gate, or fails less than that one does.

A bundle that fails a check by less than the one in place is still better for who installs it; one that fails a check
that the other passes, or by more, does not ship.
"""

from __future__ import annotations

from collections.abc import Iterator

from router.types import JsonObject
from training.measure.form_gate import DOWN
from training.report.evaluation import at, objects

REFUSED = ".refused"
"""What the name of a refused bundle's folder ends with: its fit took an hour, and may be worth a look."""


def reasons_to_refuse(evaluation: JsonObject, in_place: JsonObject | None) -> list[str]:
    """Why a bundle may not ship, one clause a check; empty: it may.

    in_place: the evaluation of the bundle that it would replace; None where there is none.
    """
    return [*_lost_to_rivals(evaluation), *_moved_more(evaluation, in_place or {})]


def _lost_to_rivals(evaluation: JsonObject) -> Iterator[str]:
    for check in at(objects(evaluation, "gate"), "checks") or []:
        if not check["passed"]:
            yield f"it does not beat {check['name']} ({check['point']:+.4f}, at least {check['low']:+.4f})"


def _moved_more(evaluation: JsonObject, in_place: JsonObject) -> Iterator[str]:
    before = {(form["group"], form["measure"]): form for form in at(objects(in_place, "gate"), "forms") or []}
    for form in at(objects(evaluation, "gate"), "forms") or []:
        if form["passed"]:
            continue
        old = before.get((form["group"], form["measure"]))
        sign = -1.0 if form["measure"] == DOWN else 1.0
        if old is None or old["passed"] or sign * form["point"] < sign * old["point"]:
            was = "" if old is None else f", {old['point']:.3f} in the bundle in place"
            yield f"{form['group']} {form['measure']}: {form['point']:.3f} (limit {form['limit']:g}{was})"
