"""The domain: which tokens are foreign, and how far held-out asks of the same kind reach."""

import numpy as np
import pytest

from router.brain.domain import PRIOR_TOKENS
from tests.training import fits
from training.fitting.familiarity import COURTESIES, fit_domain

N_TOKENS = 50
TRAFFIC = [[1, 2, 3, 4], [1, 2, 5], [2, 3, 5, 6], [1, 6, 7], [3, 4, 7]] * 20
EXAMS = [[10, 11, 12], [10, 12, 13, 1], [11, 13, 2]] * 20


def test_without_foreign_rows_the_distance_grows_with_the_share_of_unknown_tokens():
    domain = fit_domain(TRAFFIC, TRAFFIC, n_tokens=N_TOKENS, quantile=0.9)
    distances = [domain.distance(ids) for ids in ([1, 2, 3], [1, 2, 30], [1, 30, 31], [30, 31, 32])]
    assert distances == sorted(distances) and len(set(distances)) == 4
    assert domain.power == 1.0


def test_with_foreign_rows_their_tokens_are_more_foreign_than_those_of_the_rows():
    kinds = ["exam"] * len(EXAMS)
    domain = fit_domain(TRAFFIC, TRAFFIC, n_tokens=N_TOKENS, quantile=0.9, foreign=EXAMS, foreign_kinds=kinds)
    assert domain.power == 0.5
    assert domain.distance([10, 11, 13]) > domain.max_distance
    assert domain.distance([1, 2, 3]) <= domain.max_distance
    assert domain.weights[10] > 0 > domain.weights[1]


def test_tokens_that_hardly_occur_share_one_weight():
    rows = [*TRAFFIC, [40, 1], [41, 2]]
    domain = fit_domain(rows, rows, n_tokens=N_TOKENS, quantile=0.9, foreign=EXAMS, foreign_kinds=["e"] * len(EXAMS))
    assert domain.weights[40] == domain.weights[41] == domain.weights[49]


@pytest.mark.parametrize("quantile", [0.5, 0.9, 1.0])
def test_the_stated_share_of_held_out_asks_is_in_domain(quantile):
    held_out = [[1, 2, 3], [1, 20], [21, 22], [2, 3, 23], [24], [5, 6], [25, 26, 27], [1], [7, 28], [3, 29, 30]]
    domain = fit_domain(TRAFFIC, held_out, n_tokens=N_TOKENS, quantile=quantile)
    inside = np.mean(domain.distances(held_out) <= domain.max_distance + 1e-6)
    assert inside >= quantile - 0.1


def test_each_kind_of_foreign_rows_weighs_the_same_however_many_rows_it_has():
    few, many = [[10, 11]] * 5, [[12, 13]] * 200
    kinds = ["few"] * 5 + ["many"] * 200
    domain = fit_domain(TRAFFIC, TRAFFIC, n_tokens=N_TOKENS, quantile=0.9, foreign=[*few, *many], foreign_kinds=kinds)
    assert domain.distance([10, 11]) == pytest.approx(domain.distance([12, 13]), abs=0.1)


def test_the_same_rows_give_the_same_domain():
    one, two = (fit_domain(TRAFFIC, TRAFFIC, n_tokens=N_TOKENS, quantile=0.9) for _ in range(2))
    assert np.array_equal(one.weights, two.weights) and one.max_distance == two.max_distance


def test_the_distance_is_the_formula_of_its_docstring():
    domain = fit_domain(TRAFFIC, TRAFFIC, n_tokens=N_TOKENS, quantile=0.9)
    total = int(domain.weights[[1, 30]].sum(dtype=np.int64))
    logit = domain.intercept + domain.step * total / (2 + PRIOR_TOKENS) ** domain.power
    assert domain.distance([1, 30, 30]) == pytest.approx(1 / (1 + np.exp(-logit)))


def test_courtesies_have_tokens_in_the_shipped_vocabulary():
    encoder = fits.shipped_encoder()
    assert all(encoder.token_ids(COURTESIES))
