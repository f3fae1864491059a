"""The domain: which tokens are known, and how many unknown ones are too many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.fits import shipped_encoder, sides, traffic_prepared
from training.familiarity import fit_domain

N_TOKENS = 30
asks = st.lists(st.lists(st.integers(0, N_TOKENS - 1), max_size=12), min_size=1, max_size=20)


@given(asks, asks, st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_token_is_known_where_an_ask_that_was_fitted_on_holds_it(fitted, held_out, quantile):
    domain = fit_domain(fitted, held_out, n_tokens=N_TOKENS, quantile=quantile)
    assert set(np.flatnonzero(domain.known)) == {token for ids in fitted for token in ids}
    inside = domain.distances(held_out) <= domain.max_distance + 1e-6  # the stored quantile has six places
    assert inside.mean() >= quantile - 1 / len(held_out)


@given(asks)
def test_asks_that_were_fitted_on_are_as_near_as_can_be(fitted):
    domain = fit_domain(fitted, fitted, n_tokens=N_TOKENS, quantile=1.0)
    assert domain.distances(fitted).tolist() == [0.0 if ids else 1.0 for ids in fitted]


@given(asks, asks, st.randoms(use_true_random=False))
def test_the_domain_does_not_depend_on_the_order_of_the_rows(fitted, held_out, random):
    first = fit_domain(fitted, held_out, n_tokens=N_TOKENS, quantile=0.9)
    random.shuffle(fitted)
    random.shuffle(held_out)
    again = fit_domain(fitted, held_out, n_tokens=N_TOKENS, quantile=0.9)
    assert (again.known.tobytes(), again.max_distance) == (first.known.tobytes(), first.max_distance)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99])
def test_about_the_quantiles_share_of_rows_like_the_held_out_ones_is_in_domain(quantile):
    rng = np.random.default_rng(0)
    fitted, held_out, new = (rng.zipf(1.3, (n, 40)).clip(max=20_000).tolist() for n in (200, 2_000, 2_000))
    domain = fit_domain(fitted, held_out, n_tokens=20_001, quantile=quantile)
    assert (domain.distances(new) <= domain.max_distance).mean() == pytest.approx(quantile, abs=0.06)


def test_real_rows_are_in_domain_and_a_script_that_none_of_them_has_is_not():
    prepared = traffic_prepared()
    splits, encoder = sides(prepared.data.groups), shipped_encoder()
    domain = fit_domain(
        prepared.ids_of(splits.fit), prepared.ids_of(splits.calibrate), n_tokens=encoder.n_tokens, quantile=0.99
    )
    assert 0.0 < domain.max_distance < 1.0
    assert (domain.distances(prepared.ids_of(splits.test)) <= domain.max_distance).mean() > 0.95
    tibetan = encoder.token_ids(["\u0f42\u0f44\u0f66\u0f0b \u0f63\u0f97\u0f7c\u0f44\u0f66\u0f0b \u0f56\u0f7c\u0f51"])
    assert domain.distances(tibetan)[0] > domain.distances(prepared.ids_of(splits.test)).mean()
