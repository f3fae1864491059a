"""The domain: which tokens are foreign, and how far held-out asks of the same kind reach."""

import numpy as np
import pytest

from router.brain.domain import PRIOR_TOKENS
from router.reading.progress import Progress
from tests.training import fits
from training.fitting.courtesies import COURTESIES
from training.fitting.familiarity import fit_domain
from training.fitting.pieces import piece_kinds

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


LOOPS = [Progress(steps=step % 5) for step in range(100)]


def test_the_most_of_a_loop_is_what_rows_have_but_for_a_few():
    one_long = [*LOOPS, Progress(steps=400)] * 10
    rows = [TRAFFIC[at % len(TRAFFIC)] for at in range(len(one_long))]
    for quantile, steps in ((1.0, 400), (0.8, 4)):
        domain = fit_domain(rows, rows, n_tokens=N_TOKENS, quantile=quantile, fitted_progress=one_long)
        assert domain.most.steps == steps
    assert domain.distance([1, 2], Progress(5)) > domain.max_distance
    assert domain.distance([1, 2], Progress(4)) <= domain.max_distance


def test_rows_without_tools_make_every_step_of_an_agent_foreign():
    domain = fit_domain(TRAFFIC, [*TRAFFIC, [1, 30]], n_tokens=N_TOKENS, quantile=0.99)
    assert domain.distance([1, 2], Progress(1)) > domain.max_distance >= domain.distance([1, 2])


def test_held_out_rows_that_are_out_by_their_loop_count_in_the_stated_share():
    held_out = [[1, 2, 3], [1, 2, 20], [1, 21, 22], [23, 24, 25]] * 25
    loops = [Progress(1)] * 99 + [Progress(60)]
    alone = fit_domain(TRAFFIC, held_out, n_tokens=N_TOKENS, quantile=0.9)
    domain = fit_domain(
        TRAFFIC, held_out, n_tokens=N_TOKENS, quantile=0.9, fitted_progress=LOOPS, held_out_progress=loops
    )
    inside = domain.distances(held_out, loops) <= domain.max_distance + 1e-6
    assert inside.mean() >= 0.9
    assert domain.max_distance >= alone.max_distance


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


def test_pieces_that_differ_in_case_alone_share_what_they_learn():
    pieces = [f"▁piece{at}" for at in range(N_TOKENS)]
    pieces[40], pieces[41] = "▁Piece10", "▁Piece1"
    kinds = ["exam"] * len(EXAMS)
    domain = fit_domain(
        TRAFFIC, TRAFFIC, n_tokens=N_TOKENS, quantile=0.9, foreign=EXAMS, foreign_kinds=kinds, pieces=pieces
    )
    assert domain.weights[40] == domain.weights[10] > 0
    assert domain.weights[41] == domain.weights[1]


def test_a_courtesy_is_in_domain_in_words_of_the_exams():
    kinds, courtesy = ["exam"] * len(EXAMS), [[10, 11, 1]]
    plain, taught = (
        fit_domain(
            TRAFFIC,
            TRAFFIC,
            n_tokens=N_TOKENS,
            quantile=0.9,
            foreign=EXAMS,
            foreign_kinds=kinds,
            courtesies=courtesies,
        )
        for courtesies in ([], courtesy)
    )
    assert taught.distance(courtesy[0]) < plain.distance(courtesy[0])


def test_an_unseen_piece_weighs_what_pieces_of_its_length_and_script_do():
    pieces = [f"▁{'ab'[at % 2] * 6}{at}" for at in range(N_TOKENS)]
    pieces[10:15] = "zyxwv"
    pieces[45] = "q"
    kinds = ["noise"] * len(EXAMS)
    domain = fit_domain(
        TRAFFIC, TRAFFIC, n_tokens=N_TOKENS, quantile=0.9, foreign=EXAMS, foreign_kinds=kinds, pieces=pieces
    )
    assert domain.weights[45] > 0 > domain.weights[46]


def test_kinds_of_pieces_are_length_place_in_the_word_and_script():
    one, same, longer, inside, cyrillic, digit = piece_kinds(["▁a", "▁b", "▁ab", "a", "▁а", "▁1"])  # noqa: RUF001
    assert one == same
    assert len({one, longer, inside, cyrillic, digit}) == 5
    begins, part = piece_kinds(["a", "##a"])
    assert begins != part
