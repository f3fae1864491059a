"""A short storm of faults through a real process; `python -m tests.bench storm` is the long one."""

import asyncio
import logging

from tests.bench.faults import FAULTS
from tests.bench.storm import LAST_STREAMS, storm

LOG = logging.getLogger(__name__)


def test_in_a_storm_of_faults_every_answer_is_its_own_and_none_that_broke_looks_whole(tmp_path, tiny_bundle):
    figures = asyncio.run(storm(tmp_path, tiny_bundle, seconds=6.0, connections=16))
    LOG.warning("%s", figures)
    assert figures.n_answers > len(FAULTS)
    assert figures.wrong == []
    assert figures.grown_bytes < 20_000_000
    assert figures.closed_properly == LAST_STREAMS
