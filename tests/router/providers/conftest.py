import asyncio
import gc

import pytest


@pytest.fixture
def run():
    """Run a coroutine to its end, and see that it left no task behind."""

    def do(coroutine, within_s=20):
        async def guarded():
            result = await asyncio.wait_for(coroutine, within_s)
            gc.collect()
            await asyncio.sleep(0.05)
            left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            assert left == []
            return result

        return asyncio.run(guarded())

    return do
