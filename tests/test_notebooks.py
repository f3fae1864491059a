"""The notebooks run from top to bottom, define nothing of their own, and show what the shipped bundles give."""

import ast
import json
import os
import re
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TIME_LIMIT_S = 300  # of one cell; a notebook takes well under a minute on one idle core

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_there_are_notebooks_to_explore_to_retrain_and_to_choose():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03"]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell["outputs"]]


@each_notebook
def test_every_cell_was_run_in_order_without_an_error(path):
    code = cells(path, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)), "run `make notebooks`"
    assert not [
        output for output in outputs(path) if output["output_type"] == "error" or output.get("name") == "stderr"
    ]
    assert all(cell["metadata"] == {} for cell in code)


@each_notebook
def test_a_reader_sees_a_picture(path):
    kinds = {kind for output in outputs(path) for kind in output.get("data", {})}
    assert kinds & {"image/png", "image/svg+xml"}


@each_notebook
def test_nothing_of_the_machine_is_kept(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(?:tmp|home|root|work|Users)/", text)
    assert str(ROOT) not in text


def test_the_curve_shown_is_of_the_bundle_that_ships():
    shown = "".join("".join(output.get("text", "")) for output in outputs(ROOT / "notebooks" / "03_cost_quality.ipynb"))
    manifest = json.loads((ROOT / "models" / "default" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["id"] in shown, "run `make notebooks`"


@each_notebook
def test_no_function_or_class_is_defined(path):
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells(path, "code")))
    defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    assert [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, defined)] == []


@each_notebook
def test_of_the_project_only_the_two_public_faces_are_imported(path):
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells(path, "code")))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in names if name.split(".")[0] in ("router", "training")} <= {"router", "training"}


@pytest.mark.slow
@each_notebook
def test_it_runs_from_top_to_bottom(path, monkeypatch):
    # What nbclient and the event loop under it warn of is not the notebook's.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nbclient
        import nbformat

        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            monkeypatch.setenv(name, "1")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
        notebook = nbformat.read(path, as_version=4)
        client = nbclient.NotebookClient(
            notebook, timeout=TIME_LIMIT_S, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
        )
        client.execute()
    assert [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
