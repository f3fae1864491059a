"""Files read into rows: the formats, what is skipped and counted, what is refused and with which words."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from router.errors import DataError, MissingExtra
from training.labels.tier_map import DEFAULT_TIERS, load_tier_map, tier_scores
from training.rows import readers
from training.rows.readers import data_folder, read_rows
from training.rows.row import LabelledRow, OutcomeRow, check_tier_names, group_keys

DATA = Path(__file__).parents[3] / "data"


def line(row_id: str = "a", **more: object) -> bytes:
    return json.dumps({"id": row_id, "prompt": "Why?", "tier": "budget"} | more).encode() + b"\n"


def write(path: Path, *lines: bytes) -> Path:
    content = b"".join(lines)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def ids(*paths: Path) -> list[str]:
    return [row.id for row in read_rows(paths).rows]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_rows_come_in_file_order_with_the_file_stem_as_source(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, line("b"), b"\n", line("a", source="own"), line("c").rstrip(b"\n"))
    rows = read_rows([path]).rows
    assert [(row.id, row.source) for row in rows] == [("b", "rows"), ("a", "own"), ("c", "rows")]


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + line("a").replace(b"\n", b"\r\n") + b"\r\n" + line("b")
    assert ids(write(tmp_path / "rows.jsonl", content)) == ["a", "b"]


def test_a_folder_is_read_in_sorted_order_at_any_depth_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    write(tmp_path / "b" / "1.jsonl", line("b/1"))
    write(tmp_path / "c.jsonl.gz", line("c"))
    write(tmp_path / "a.jsonl", line("a"))
    (tmp_path / "tiers.json").write_text("{}")
    (tmp_path / "README.md").write_text("hello")
    assert ids(tmp_path) == ["a", "b/1", "c"]


def test_fingerprints_tell_the_bytes_on_disk_and_the_rows_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", line("a"), b"{}\n", line("b"))
    [(name, fingerprint)] = read_rows([path], skip_bad=1).fingerprints.items()
    assert name == "rows.jsonl.gz"
    assert fingerprint.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (fingerprint.n_rows, fingerprint.n_bytes) == (2, path.stat().st_size)


def test_fingerprints_of_files_with_one_name_carry_the_folder(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "rows.jsonl", line(folder))
    names = list(read_rows([tmp_path]).fingerprints)
    assert names == ["x/rows.jsonl", "y/rows.jsonl"]


def test_wrong_rows_are_skipped_and_counted_up_to_the_number_allowed(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", line("a"), b'{"id": 1}\n', line("a"), b"nonsense\n", b"\xff\n", line("b"))
    rows = read_rows([path], skip_bad=4)
    assert [row.id for row in rows.rows] == ["a", "b"]
    assert rows.n_bad == 4
    assert [message.split(":")[1] for message in rows.bad] == ["2", "3", "4", "5"]


def test_the_first_wrong_row_beyond_is_raised_with_the_cure(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", line("a"), line("b", tier=1), line("c", tier=2))
    with pytest.raises(DataError, match=r"rows.jsonl:2: tier: expected .* \(--skip-bad 1 or more would pass over it\)"):
        read_rows([path])
    with pytest.raises(
        DataError, match=r"rows.jsonl:3: tier: .* \(1 skipped before it; --skip-bad 2 or more"
    ) as caught:
        read_rows([path], skip_bad=1)
    assert (caught.value.where, caught.value.field) == (f"{path}:3", "tier")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"id": "a", \n', r":1: expected one JSON object, found invalid JSON: .* at column \d+"),
        (b'{"id": NaN}\n', r":1: expected one JSON object, found invalid JSON"),
        (b"[" * 100_000 + b"\n", r":1: expected one JSON object, found invalid JSON"),
        (b'{"id": "\xff"}\n', r":1: expected UTF-8, found byte 0xff at column 9"),
        (b"7\n", r":1: expected an object, found 7"),
        (line("a") + line("a"), r":2: id: expected each id once in a source, found 'a' of 'rows' again, as at .*:1"),
        (b"", r"rows.jsonl: expected rows, found an empty file"),
        (b"\n\n", r"rows.jsonl: expected rows, found an empty file"),
    ],
)
def test_a_line_that_is_no_row_is_refused_with_its_number(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_rows([write(tmp_path / "rows.jsonl", content)])


def test_one_id_in_two_files_of_a_source_is_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", line("a", source="s"))
    two = write(tmp_path / "two.jsonl", line("a", source="s"))
    with pytest.raises(DataError, match=r"two.jsonl:1: id: .* as at .*one.jsonl:1"):
        read_rows([one, two])


def test_nothing_but_wrong_rows_is_refused_even_if_they_may_be_skipped(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found none that can be used \(2 skipped\)"):
        read_rows([write(tmp_path / "rows.jsonl", b"{}\n", b"{}\n")], skip_bad=5)


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_gzip_file_that_was_cut_off_is_refused_even_if_rows_may_be_skipped(tmp_path: Path, keep: float) -> None:
    path = write(tmp_path / "rows.jsonl.gz", *(line(str(os.urandom(9))) for _ in range(2_000)))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(
        DataError, match=r"rows.jsonl.gz: expected gzip data, found it broken or cut off after line \d+"
    ):
        read_rows([path], skip_bad=10_000)


def test_a_file_that_is_only_called_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl.gz").write_bytes(line())
    with pytest.raises(DataError, match="expected gzip data, found it broken"):
        read_rows([tmp_path / "rows.jsonl.gz"])


def test_a_changed_byte_in_a_gzip_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", *(line(str(number)) for number in range(500)))
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the checksum
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected gzip data, found it broken"):
        read_rows([path])


def test_a_line_beyond_the_limit_is_one_wrong_row_and_is_never_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "MAX_LINE_BYTES", 1_000)
    path = write(tmp_path / "rows.jsonl.gz", line("a"), b" " * 5_000_000 + line("x"), line("b"))
    tracemalloc.start()
    rows = read_rows([path], skip_bad=1)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.id for row in rows.rows] == ["a", "b"]
    assert "rows.jsonl.gz:2: expected at most 1,000 bytes a line, found more" in rows.bad[0]
    assert peak_bytes < 2_000_000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.jsonl", "absent.jsonl: expected a file, found none there"),
        ("rows.csv", "rows.csv: expected a name ending in .jsonl.gz, .jsonl, .parquet"),
        ("rows.json", "rows.json: expected a name ending in"),
        ("empty_folder", "expected files ending in .jsonl.gz, .jsonl, .parquet, found none in the folder"),
    ],
)
def test_a_path_that_holds_no_rows_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty_folder").mkdir()
    for other in ("rows.csv", "rows.json"):
        (tmp_path / other).write_bytes(line())
    with pytest.raises(DataError, match=message):
        read_rows([tmp_path / name])


def test_no_path_and_a_path_named_twice_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", line())
    with pytest.raises(DataError, match="found no path"):
        read_rows([])
    with pytest.raises(DataError, match="expected each file once"):
        read_rows([tmp_path, path])


def write_parquet(path: Path, rows: list[dict[str, Any]], schema: Any = None) -> Path:
    keys = dict.fromkeys(key for row in rows for key in row)
    whole = [dict.fromkeys(keys) | row for row in rows]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(whole, schema=schema), path)
    return path


PARQUET_ROWS: list[dict[str, Any]] = [
    {"id": "a", "prompt": "Why?", "outcomes": {"m": 1.0, "n": 0.5}, "output_tokens": {"m": 7}},
    {"id": "b", "messages": [{"role": "user", "content": "Hi"}], "outcomes": {"n": 0.0}, "category": "c"},
]


def test_parquet_rows_are_read_and_the_nulls_of_their_columns_mean_unknown(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "rows.parquet", PARQUET_ROWS)
    write(tmp_path / "rows.jsonl", *(json.dumps(row).encode() + b"\n" for row in PARQUET_ROWS))
    assert read_rows([path]).rows == read_rows([tmp_path / "rows.jsonl"]).rows


def test_parquet_maps_are_read_as_objects(tmp_path: Path) -> None:
    scores = pyarrow.map_(pyarrow.string(), pyarrow.float32())
    schema = pyarrow.schema([("id", pyarrow.string()), ("prompt", pyarrow.string()), ("outcomes", scores)])
    rows = [{"id": "a", "prompt": "Why?", "outcomes": [("m", 0.5)]}]
    [row] = read_rows([write_parquet(tmp_path / "rows.parquet", rows, schema)]).rows
    assert isinstance(row, OutcomeRow)
    assert row.outcomes == {"m": 0.5}


def test_a_wrong_parquet_row_is_named_by_its_number(tmp_path: Path) -> None:
    rows = [*PARQUET_ROWS, {"id": "c", "prompt": "Why?", "outcomes": {"m": 2.0}}]
    with pytest.raises(DataError, match=r"rows.parquet:3: outcomes.m: expected a number in \[0, 1\]"):
        read_rows([write_parquet(tmp_path / "rows.parquet", rows)])


@pytest.mark.parametrize("keep", [0, 10, -20])
def test_a_parquet_file_that_was_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = write_parquet(tmp_path / "rows.parquet", PARQUET_ROWS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"rows.parquet: expected Parquet data, found it broken or cut off"):
        read_rows([path])


def test_parquet_without_pyarrow_says_which_extra_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_parquet(tmp_path / "rows.parquet", PARQUET_ROWS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"tierwise\[train\]"):
        read_rows([path])


def test_the_data_folder_is_what_the_environment_names_else_the_shared_one_if_there(tmp_path: Path) -> None:
    cwd = tmp_path / "main"
    (cwd / "own").mkdir(parents=True)
    assert data_folder({}, cwd) is None
    assert data_folder({"TIERWISE_DATA": "own"}, cwd) == cwd / "own"
    (tmp_path / "shared" / "data").mkdir(parents=True)
    assert data_folder({}, cwd) == tmp_path / "shared" / "data"
    assert data_folder({"TIERWISE_DATA": ""}, cwd) == tmp_path / "shared" / "data"
    with pytest.raises(
        DataError, match="TIERWISE_DATA: expected a folder, found none at /nowhere; correct or unset it"
    ):
        data_folder({"TIERWISE_DATA": "/nowhere"}, cwd)


def test_the_committed_traffic_is_6208_labelled_rows_of_the_default_tiers() -> None:
    rows = read_rows([DATA / "traffic"])
    sizes = [fingerprint.n_rows for fingerprint in rows.fingerprints.values()]
    assert (len(sizes), sum(sizes)) == (17, 6_208)
    assert all(isinstance(row, LabelledRow) and row.label_source == "annotator" for row in rows.rows)
    check_tier_names(rows.rows, DEFAULT_TIERS)


def test_the_committed_sample_shows_every_case() -> None:
    outcomes = [row for row in read_rows([DATA / "sample" / "outcomes.jsonl"]).rows if isinstance(row, OutcomeRow)]
    tier_map = load_tier_map(DATA / "sample" / "tiers.json")
    scores = [tier_scores(row, tier_map) for row in outcomes]
    keys = [key for row in outcomes for key in group_keys(row)]
    assert len(outcomes) == 24
    assert any(None in tiers for tiers in scores), "a row with a missing outcome"
    assert any(tiers == (0, 0, 0) for tiers in scores), "an unsolved row"
    assert {key.split(":")[0] for key in keys if keys.count(key) > 1} == {"qhash", "template", "conversation"}
    labelled = read_rows([DATA / "sample" / "labelled.jsonl"]).rows
    assert len(labelled) == 12
    check_tier_names(labelled, tier_map.tiers)


def test_the_public_rows_can_all_be_read_if_they_are_there() -> None:
    folder = data_folder(os.environ, DATA.parent)
    if folder is None:
        pytest.skip("the folder of public data is not there")
    rows = read_rows([folder / "outcomes"])
    tier_map = load_tier_map(DATA / "tiers.json")
    assert len(rows.rows) == 39_328
    for row in rows.rows:
        assert isinstance(row, OutcomeRow)
        assert any(score is not None for score in tier_scores(row, tier_map))


def test_a_parquet_row_that_unpacks_to_more_than_a_row_may_have_is_refused_with_its_number(tmp_path: Path) -> None:
    huge = {"id": "b", "prompt": "x" * (readers.MAX_LINE_BYTES + 1), "tier": "budget"}
    path = write_parquet(tmp_path / "rows.parquet", [{"id": "a", "prompt": "Why?", "tier": "budget"}, huge])
    assert path.stat().st_size < 2_000_000
    with pytest.raises(DataError, match=r"rows.parquet:2: expected at most 16,777,216 bytes a row, found more"):
        read_rows([path])
    assert [row.id for row in read_rows([path], skip_bad=1).rows] == ["a"]


def test_a_long_text_that_many_parquet_rows_share_is_not_unpacked_for_each(tmp_path: Path) -> None:
    """Stored once, it would be 40 GB as rows."""
    table = pyarrow.table({"prompt": pyarrow.DictionaryArray.from_arrays([0] * 1_000, ["x" * 40_000_000])})
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet", dictionary_pagesize_limit=1 << 30)
    before = pyarrow.total_allocated_bytes()
    with pytest.raises(DataError, match=r"rows.parquet:1: expected at most 16,777,216 bytes a row"):
        read_rows([tmp_path / "rows.parquet"])
    assert pyarrow.default_memory_pool().max_memory() - before < 1_000_000_000


def test_a_gzipped_file_that_unpacks_to_more_than_text_ever_does_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(readers, "MOST_UNPACKED_BYTES", 1_000_000)
    path = write(tmp_path / "rows.jsonl.gz", line("a"), b" " * 5_000_000)
    with pytest.raises(DataError, match=r"rows.jsonl.gz: .* unpacks to more than .* after line 1"):
        read_rows([path])
    path = write(tmp_path / "many.jsonl.gz", line("a"), b"\n" * 5_000_000)
    with pytest.raises(DataError, match=r"many.jsonl.gz: .* unpacks to more than"):
        read_rows([path])
    text = [line(str(number), prompt=f"Why {number}?") for number in range(20_000)]
    assert len(ids(write(tmp_path / "real.jsonl.gz", *text))) == 20_000
