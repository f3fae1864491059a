"""What may be shipped, and how it is built: which files, how many rows of each source, in one command."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import joblib
import pytest

from router.brain import load_bundle
from router.errors import DataError
from router.types import Message
from tests.training import fits
from training.labels.tier_map import load_tier_map
from training.measure import forms
from training.rows.readers import RowSet
from training.rows.row import LabelledRow
from training.shipping import ship as shipping
from training.shipping.ship import capped, config_for, main, ship, shipping_files, traffic_sources
from training.shipping.sources import PUBLIC_SOURCES

MAY_SHIP = [source.name for source in PUBLIC_SOURCES if source.may_ship]
MAY_NOT = [source.name for source in PUBLIC_SOURCES if not source.may_ship]


def rows_of(**counts: int) -> RowSet:
    """Rows of several sources, in turn."""
    rows = [
        LabelledRow(id=f"{source}-{n}", source=source, messages=(Message("user", f"{source} {n}"),), tier="budget")
        for n in range(max(counts.values()))
        for source, count in counts.items()
        if n < count
    ]
    return RowSet(tuple(rows), 0, (), {})


def test_a_source_that_is_not_kept_gives_at_most_so_many_rows_in_the_order_they_came():
    rows = rows_of(traffic=50, exams=40, few=3)
    cut = capped(rows, keep=["traffic"], most=10, seed=0)
    assert Counter(row.source for row in cut.rows) == {"traffic": 50, "exams": 10, "few": 3}
    kept = set(cut.rows)
    assert cut.rows == tuple(row for row in rows.rows if row in kept)
    exams = [row.id for row in cut.rows if row.source == "exams"]
    assert exams != [f"exams-{n}" for n in range(10)], "a choice, not the first ones"


def test_which_rows_are_taken_follows_from_the_seed():
    rows = rows_of(traffic=5, exams=40)
    first, again, other = (capped(rows, keep=["traffic"], most=10, seed=seed).rows for seed in (0, 0, 1))
    assert first == again != other


def test_without_a_source_above_the_cap_all_rows_stay():
    rows = rows_of(a=3, b=4)
    assert capped(rows, keep=[], most=4, seed=0) == rows


def test_the_traffic_is_what_no_public_source_is():
    rows = rows_of(**{"coding": 2, "mine": 1, MAY_SHIP[0]: 2, MAY_NOT[0]: 1})
    assert traffic_sources(rows) == ("coding", "mine")
    assert config_for("x", rows).target_sources == ("coding", "mine")


def test_only_sources_whose_licence_allows_it_are_among_the_files(tmp_path):
    (tmp_path / "outcomes").mkdir()
    for source in PUBLIC_SOURCES:
        (tmp_path / "outcomes" / f"{source.name}.jsonl.gz").touch()
    traffic = tmp_path / "traffic"
    files = shipping_files(traffic, tmp_path)
    assert files[0] == traffic
    assert [path.name.removesuffix(".jsonl.gz") for path in files[1:]] == MAY_SHIP
    assert MAY_NOT, "there are sources to leave out"


def test_a_missing_public_source_is_named_with_the_cure(tmp_path):
    with pytest.raises(DataError, match="sources rebuild"):
        shipping_files(tmp_path, tmp_path)
    with pytest.raises(DataError, match="TIERWISE_DATA"):
        shipping_files(tmp_path, None)


def test_the_shipped_settings_promise_by_slice_and_fit_again():
    config = config_for("fast", rows_of(coding=1))
    assert (config.promise, config.max_quality_loss, config.promise_slices) == ("cross_fit", 0.05, ("source", "lang"))
    assert config.folds > config_for("default", rows_of(coding=1)).folds >= 2, "a fold of a transformer takes minutes"
    assert set(config.foreign_sources) <= set(MAY_SHIP)


def test_the_command_refuses_a_data_folder_that_is_none(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TIERWISE_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    assert main(["fast", "--out", str(tmp_path / "out")]) == 1
    assert "TIERWISE_DATA" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


N_TRAFFIC_FILES = 6


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A checkout with six files of traffic, and next to it a data folder with a few rows of each public source."""
    root = tmp_path / "checkout"
    (root / "data" / "traffic").mkdir(parents=True)
    shutil.copy(fits.ROOT / "data" / "tiers.json", root / "data")
    lines = [line for path in fits.TRAFFIC_FILES for line in path.read_text(encoding="utf-8").splitlines()]
    kept = lines[::2]
    for part in range(N_TRAFFIC_FILES):  # one source each: folds are of whole sources
        mine = kept[part * len(kept) // N_TRAFFIC_FILES : (part + 1) * len(kept) // N_TRAFFIC_FILES]
        (root / "data" / "traffic" / f"agents_{part}.jsonl").write_text("\n".join(mine) + "\n", encoding="utf-8")
    (tmp_path / "data" / "outcomes").mkdir(parents=True)
    models = {name: [m for tier in of.models.values() for m in tier] for name, of in tier_map(root).sources.items()}
    for name in MAY_SHIP:
        rows = [
            {
                "id": str(n),
                "source": name,
                "prompt": f"{name} asks {n}?",
                "outcomes": dict.fromkeys(models[name], n % 2),
            }
            for n in range(30)
        ]
        write_gz(tmp_path / "data" / "outcomes" / f"{name}.jsonl.gz", rows)
    return root


def tier_map(root: Path):
    return load_tier_map(root / "data" / "tiers.json")


def write_gz(path: Path, rows: list[dict[str, object]]) -> None:
    import gzip

    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))


@pytest.mark.parametrize(("name", "kind"), [("fast", "static"), ("default", "onnx")])
def test_a_bundle_is_built_from_rows_to_a_folder_that_loads_with_its_report(
    name, kind, checkout, tiny_bert, tmp_path, monkeypatch
):
    monkeypatch.setattr(shipping, "multilingual", lambda texts: fits.shipped_encoder())
    monkeypatch.setattr(shipping, "DEFAULT_MODEL", str(tiny_bert))
    monkeypatch.setattr(shipping, "MAX_PUBLIC_ROWS", 20)
    monkeypatch.setattr(forms, "ROWS_PER_KIND", 15)
    # Half of three files and a transformer of 32 numbers cannot support the target that is shipped, and how the
    # shipped settings choose hyper-parameters takes minutes.
    quick = {"max_quality_loss": 0.3, "folds": 2, "dressed_copies": 1, "hyper": fits.QUICK.hyper}
    monkeypatch.setattr(shipping, "config_for", lambda name, rows: replace(config_for(name, rows), **quick))
    lines: list[str] = []
    # So few rows show nothing of the gate: what it says decides the folder and the end of the command.
    is_refused = name == "default"
    monkeypatch.setattr(shipping, "reasons_to_refuse", lambda new, old: ["it loses too much"] if is_refused else [])
    with joblib.parallel_config("sequential"):
        if is_refused:
            with pytest.raises(DataError, match=r"default\.refused: does not ship: it loses too much"):
                ship(name, checkout, tmp_path / "out", data=tmp_path / "data", progress=lines.append)
        else:
            ship(name, checkout, tmp_path / "out", data=tmp_path / "data", progress=lines.append)
    folder = tmp_path / "out" / (f"{name}.refused" if is_refused else name)
    bundle = load_bundle(folder)
    assert bundle.n_golden > 0
    assert bundle.manifest.encoder.kind == kind
    facts = bundle.manifest.training
    assert {source: facts["sources"][source]["rows"] for source in MAY_SHIP} == dict.fromkeys(MAY_SHIP, 20)
    assert set(facts["config"]["target_sources"]) == set(facts["sources"]) - set(MAY_SHIP)
    assert {
        facts["sources"][source.name]["licence"] == source.licence for source in PUBLIC_SOURCES if source.may_ship
    } == {True}
    assert (folder / "report" / "report.html").is_file()
    assert lines[-1] == f"wrote {bundle.manifest.id} to {folder}"
