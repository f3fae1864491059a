"""The promise over redraws of a bundle's held-out rows: counted, with its interval, the same each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from router.brain import load_bundle
from router.errors import DataError
from tests.router.tiny_bundle import tiny_held_out, write_tiny_bundle
from training.shipping.redraws import main, redraws


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle with 600 held-out rows in 400 groups, and the target that its own curve allows."""
    return load_bundle(write_tiny_bundle(tmp_path_factory.mktemp("redraws") / "tiny", held_out=tiny_held_out()))


def test_each_redraw_is_broken_kept_or_refused(bundle):
    found = redraws(bundle, n=40)
    assert found.n == 40
    assert 0 <= found.broken <= found.n - found.refused
    assert found.allowed == pytest.approx(1 - bundle.manifest.promise.confidence)
    assert f"broken in {found.broken} of 40 redraws" in str(found)
    assert redraws(bundle, n=40) == found
    assert redraws(bundle, n=40, seed=1) != found


def test_scores_that_say_nothing_and_rows_that_lose_nothing_are_never_broken(bundle):
    rows = bundle.held_out
    harmless = replace(bundle, held_out=replace(rows, lost=np.zeros_like(rows.lost)))
    found = redraws(harmless, n=10)
    assert (found.broken, found.refused, found.mean_loss) == (0, 0, 0.0)


def test_a_promise_that_no_redraw_supports_is_refused_and_not_counted_as_kept(bundle):
    rows = bundle.held_out
    few = np.arange(4)
    taken = {
        name: getattr(rows, name)[few]
        for name in ("expected_quality_loss", "p_unsolved", "domain_distance", "lost", "input_tokens", "output_tokens")
    }
    few_rows = replace(rows, **taken, group=np.arange(4, dtype=np.int32), slices={})
    found = redraws(replace(bundle, held_out=few_rows), n=10)
    assert (found.broken, found.refused) == (0, 10)
    assert np.isnan(found.mean_loss)


def test_a_bundle_without_held_out_rows_is_refused(tmp_path, capsys):
    folder = write_tiny_bundle(tmp_path / "tiny")
    with pytest.raises(DataError, match="keeps no held-out rows"):
        redraws(load_bundle(folder))
    assert main([str(folder)]) == 1
    assert "keeps no held-out rows" in capsys.readouterr().err


def test_the_command_prints_a_line_for_each_bundle(tmp_path, capsys):
    folder = write_tiny_bundle(tmp_path / "tiny", held_out=tiny_held_out())
    assert main([str(folder), str(folder), "--redraws", "5"]) == 0
    assert capsys.readouterr().out.count("of 5 redraws") == 2
