"""Run the notebooks and keep what they print and draw, so that a reader sees it without running anything.

    python -m training.shipping.notebooks          (make notebooks)

What is kept is what the shipped bundles and the committed rows give: run it after `make train`. Names of folders and
times are not kept, so that the same rows and bundles give the same notebooks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import nbclient
import nbformat
from nbformat import NotebookNode

from training.shipping.commands import exit_code_of, say

TIME_LIMIT_S = 900
"""Of one cell."""

_COUNT = "execution_count"


def executed(path: Path, root: Path) -> NotebookNode:
    """A notebook with its outputs, run in the folder `root`. Raises CellExecutionError where a cell fails."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call] # it has no types
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    client = nbclient.NotebookClient(
        notebook,
        timeout=TIME_LIMIT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(root)}},
        record_timing=False,
    )
    client.execute(env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(root)})
    for number, cell in enumerate((one for one in notebook.cells if one.cell_type == "code"), start=1):
        cell[_COUNT] = number
        cell.outputs = [_kept(output, number) for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def _kept(output: NotebookNode, number: int) -> NotebookNode:
    if output.output_type == "execute_result":
        output[_COUNT] = number
    return output


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all notebooks, or those named. Returns the exit code."""
    root = Path(__file__).resolve().parents[2]
    paths = [Path(one) for one in arguments or ()] or sorted((root / "notebooks").glob("*.ipynb"))

    def work() -> None:
        for path in paths:
            say(f"running {path.name}")
            nbformat.write(executed(path, root), path)  # type: ignore[no-untyped-call]

    return exit_code_of(work)


if __name__ == "__main__":
    raise SystemExit(main())
