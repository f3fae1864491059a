"""Fine-tuning on a tiny BERT: it learns, the same each time, and from whatever the rows have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from router.brain.brain import assemble_features
from training.fitting.finetune import FinetuneConfig, FinetuneData, Redress, encoded, finetune, linear_heads
from training.fitting.forms import Views
from training.fitting.network import Network
from training.labels.labels import UNKNOWN

DIM, N_SIGNALS, N_HEADS = 32, 3, 2
CLS, SEP, TIER, ROUTE, FIRST_LETTER, FRAME = 2, 3, 57, 58, 5, 40
SHORT = FinetuneConfig(epochs=20, batch_rows=16, learning_rate=1e-3, head_learning_rate=1e-2, settle_epochs=1)


def planted(n_rows: int = 96, *, seed: int = 0) -> FinetuneData:
    """Rows whose first target hangs on a word of the ask and whose second on a signal."""
    rng = np.random.default_rng(seed)
    word = rng.integers(0, 2, n_rows)
    signals = rng.standard_normal((n_rows, N_SIGNALS)).astype(np.float32)
    sequences = []
    for says in word.tolist():
        ask = rng.integers(FIRST_LETTER, FIRST_LETTER + 26, rng.integers(2, 12)).tolist()
        ask += [TIER if says else ROUTE] * 3
        window = rng.integers(FIRST_LETTER, FIRST_LETTER + 26, rng.integers(0, 6)).tolist()
        ids = [CLS, *rng.permutation(ask).tolist(), SEP, *([*window, SEP] if window else [])]
        sequences.append((ids, [0] * (len(ask) + 2) + [1] * (len(ids) - len(ask) - 2)))
    reasons = rng.standard_normal((2, DIM))[word].astype(np.float32)
    bare = Views(tuple(sequences), signals)
    return FinetuneData(
        bare=bare,
        redress=framed(bare),
        targets=np.stack([word, signals[:, 0] > 0], axis=1).astype(np.int8),
        tasks=word.astype(np.int64),
        reasons=reasons / np.linalg.norm(reasons, axis=1, keepdims=True),
        alike=np.arange(n_rows),
    )


def framed(bare: Views) -> Redress:
    """A share of the rows between two pieces that no bare row has."""

    def drawn(rng: np.random.Generator, share: float) -> Views:
        worn = rng.random(len(bare)) < share
        framed_ones = [([ids[0], FRAME, *ids[1:], FRAME], [0, *kinds, kinds[-1]]) for ids, kinds in bare.sequences]
        pairs = zip(bare.sequences, framed_ones, worn.tolist(), strict=True)
        return Views(tuple(other if is_worn else own for own, other, is_worn in pairs), bare.signals)

    return drawn


def with_bare(data: FinetuneData, sequences: Sequence[tuple[list[int], list[int]]]) -> FinetuneData:
    """The data with other sequences, which wear the same frame."""
    bare = Views(tuple(sequences), data.bare.signals)
    return replace(data, bare=bare, redress=framed(bare))


def logits_of(network: Network, outputs: nn.Linear, data: FinetuneData) -> np.ndarray:
    """What the brain's heads say on the network's own vectors."""
    vectors = []
    with torch.no_grad():
        for ids, kinds in data.bare.sequences:
            vector = network(torch.tensor([ids]), torch.tensor([kinds]))[0].numpy()
            vectors.append(vector / np.linalg.norm(vector))
    return linear_heads(outputs, dim=DIM).logits(assemble_features(np.array(vectors), data.bare.signals))


def log_loss(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, -logits * np.where(targets == 1, 1, -1)).mean(axis=0)


def as_bytes(trained: tuple[Network, nn.Linear]) -> bytes:
    return b"".join(part.detach().numpy().tobytes() for module in trained for part in module.state_dict().values())


@pytest.fixture(scope="module")
def trained(tiny_bert) -> tuple[Network, nn.Linear]:
    return finetune(str(tiny_bert), planted(), SHORT)


def test_the_loss_goes_down_on_rows_never_seen(trained):
    unseen = planted(seed=1)
    losses = log_loss(logits_of(*trained, unseen), unseen.targets)
    assert (losses < [0.2, 0.6]).all(), "it starts at log 2 = 0.69"


def test_all_layers_learn_but_the_word_embeddings(trained, tiny_bert):
    before, after = Network(str(tiny_bert)).state_dict(), trained[0].state_dict()
    same = {name for name, value in before.items() if torch.equal(value, after[name])}
    assert "bert.embeddings.word_embeddings.weight" in same
    assert not {name for name in same if name.startswith("bert.encoder.layer") and name.endswith("weight")}
    assert not trained[0].training, "what comes back does not drop out"


def test_two_runs_give_the_same_bytes_whatever_was_drawn_before_and_another_seed_others(trained, tiny_bert):
    torch.rand(17)
    assert as_bytes(finetune(str(tiny_bert), planted(), SHORT)) == as_bytes(trained)
    assert as_bytes(finetune(str(tiny_bert), planted(), replace(SHORT, seed=1))) != as_bytes(trained)


def test_each_epoch_is_told(tiny_bert):
    told: list[str] = []
    finetune(str(tiny_bert), planted(16), replace(SHORT, epochs=2), progress=told.append)
    assert told == ["fine-tuning, epoch 1 of 2", "fine-tuning, epoch 2 of 2", "settling, epoch 1 of 1"]


def lacking(data: FinetuneData, part: str) -> FinetuneData:
    """The rows without their tasks, without their reasons, without their window, or all but eight without targets."""
    match part:
        case "tasks":
            return replace(data, tasks=np.full_like(data.tasks, -1))
        case "reasons":
            return replace(data, reasons=np.zeros_like(data.reasons))
        case "window":
            asks = [
                (ids[: kinds.index(1)], [0] * kinds.index(1)) if 1 in kinds else (ids, kinds)
                for ids, kinds in data.bare.sequences
            ]
            return with_bare(data, asks)
        case _:
            targets = data.targets.copy()
            targets[8:] = UNKNOWN
            return replace(data, targets=targets)


@pytest.mark.parametrize("part", ["tasks", "reasons", "window", "targets"])
def test_rows_may_lack_anything(part, trained, tiny_bert):
    network, outputs = finetune(str(tiny_bert), lacking(planted(), part), replace(SHORT, epochs=2))
    assert np.isfinite(logits_of(network, outputs, planted())).all()
    assert as_bytes((network, outputs)) != as_bytes(trained)


def test_half_of_the_rows_may_lack_tasks_and_reasons(tiny_bert):
    data = planted()
    some = np.arange(len(data.tasks)) % 2 == 0
    mixed = replace(data, tasks=np.where(some, data.tasks, -1), reasons=data.reasons * some[:, None].astype(np.float32))
    unseen = planted(seed=1)
    losses = log_loss(logits_of(*finetune(str(tiny_bert), mixed, SHORT), unseen), unseen.targets)
    assert (losses < [0.3, 0.6]).all()


def test_rows_without_any_known_target_still_give_finite_weights(tiny_bert):
    data = planted(32)
    nothing = replace(
        data, targets=np.full_like(data.targets, UNKNOWN), tasks=data.tasks * 0 - 1, reasons=data.reasons * 0
    )
    network, outputs = finetune(str(tiny_bert), nothing, replace(SHORT, epochs=1))
    assert np.isfinite(logits_of(network, outputs, data)).all()


def test_what_a_row_without_a_window_and_with_one_piece_looks_like_is_no_matter(tiny_bert):
    data = planted(32)
    bare = with_bare(data, [([CLS, SEP], [0, 0]), ([CLS, TIER, SEP], [0, 0, 0]), *data.bare.sequences[2:]])
    network, outputs = finetune(str(tiny_bert), bare, replace(SHORT, epochs=2, drop_pieces=0.9, drop_window=1.0))
    assert np.isfinite(logits_of(network, outputs, bare)).all()


def moved_by_the_frame(trained: tuple[Network, nn.Linear], data: FinetuneData) -> float:
    """How far the frame moves the logits of unseen rows, root mean square."""
    network, outputs = trained
    worn = data.redress(np.random.default_rng(0), 1.0)
    views = [encoded(network, view.sequences) for view in (data.bare, worn)]
    with torch.no_grad():
        bare, framed_one = (outputs(torch.cat([view, torch.tensor(data.bare.signals)], 1)) for view in views)
    return float((bare - framed_one).square().mean().sqrt())


def test_settling_brings_the_forms_of_a_row_together(tiny_bert):
    unsettled = replace(SHORT, dressed_share=0.0, settle_epochs=0)
    settled = replace(unsettled, settle_epochs=20, settle_rate=2e-3)
    unseen = planted(seed=1)
    before, after = (finetune(str(tiny_bert), planted(), config) for config in (unsettled, settled))
    assert moved_by_the_frame(after, unseen) < 0.75 * moved_by_the_frame(before, unseen)
    assert (log_loss(logits_of(*after, unseen), unseen.targets) < [0.25, 0.65]).all(), "and the decision stays"


def test_settling_brings_what_asks_the_same_together(tiny_bert):
    data = planted()
    pairs = np.arange(len(data)) // 2  # neighbours, whatever they say
    unsettled = replace(SHORT, epochs=3, dressed_share=0.0, settle_epochs=0)
    settled = replace(unsettled, settle_epochs=20, settle_rate=2e-3)
    apart = []
    for config in (unsettled, settled):
        logits = logits_of(*finetune(str(tiny_bert), replace(data, alike=pairs), config), data)
        apart.append(float(np.square(logits[0::2] - logits[1::2]).mean()))
    assert apart[1] < 0.5 * apart[0]
