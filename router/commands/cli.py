"""The `tierwise` command. Each command parses its arguments, calls one function, prints what it returned.

Commands of other packages (training) are entry points of the group `tierwise.commands`, imported when they are called.
Exit code 0: done. 1: could not, with the reason in one line. 2: wrong use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from router.commands.plugins import PluginGroup
from router.errors import RequestError, TierwiseError

if TYPE_CHECKING:
    from router.core import Router
    from router.decision import RouteDecision
    from router.types import RouteRequest

BundleOption = Annotated[
    Path | None, typer.Option("--bundle", help="Folder of the bundle; the configured or shipped one if not given.")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="TOML file; TIERWISE_CONFIG if not given.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

app = typer.Typer(
    name="tierwise",
    cls=PluginGroup,
    help="The cheapest tier of language models whose answer will be adequate, per request.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: rich would take half of the time of `tierwise --help`
)
bundle_app = typer.Typer(help="Show a bundle, or check it.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(bundle_app, name="bundle")


def main() -> None:
    """Run the command line; errors raised on purpose become one line on standard error and exit code 1."""
    try:
        app(prog_name="tierwise")
    except TierwiseError as exc:
        _say(f"tierwise: {exc}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has ended (`| head`): an error message would have no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _version(value: bool) -> None:
    if value:
        from router import __version__

        _say(f"tierwise {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """The cheapest tier of language models whose answer will be adequate, per request."""


@app.command()
def serve(
    bundle: BundleOption = None,
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port, 8080 by default; 0 lets the system choose.", min=0, max=65535)
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes that serve the port.", min=1)] = 1,
    echo: Annotated[bool, typer.Option("--echo", help="Answer with an echo; no model is called.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Serve beyond loopback without a key.")] = False,
) -> None:
    """Start the service."""
    from router.account.call_log import check_call_log
    from router.commands.server import run_server
    from router.settings import load_settings, override, with_echo

    settings = override(load_settings(config=config), bundle=bundle, host=host, port=port, insecure=insecure)
    settings = with_echo(settings) if echo else settings
    check_call_log(settings.call_log)
    run_server(settings, config=config, workers=workers, say=lambda line: _say(line, err=True))


@app.command()
def route(
    source: Annotated[
        str, typer.Argument(help="A prompt, - for standard input, a FILE.json or a FILE.jsonl.", metavar="TEXT|-|FILE")
    ],
    bundle: BundleOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide the tier of a prompt or of a request. A .jsonl file or standard input holds one per line."""
    from router.jsontext import encode_json

    router = _load(bundle, config)
    if source == "-" or source.endswith(".jsonl"):
        failed = _route_lines(router, source)
        raise typer.Exit(1 if failed else 0)
    decision = router.route(_request_of(source))
    _say(encode_json(decision.to_dict()).decode() if as_json else str(decision))


@app.command()
def explain(
    source: Annotated[
        str,
        typer.Argument(
            help="A prompt, - for standard input, or a FILE.json with a request's body (or its headers and body).",
            metavar="TEXT|-|FILE",
        ),
    ],
    bundle: BundleOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    top: Annotated[int, typer.Option(help="How many tokens and signals to show for each tier.", min=1)] = 4,
) -> None:
    """Explain a decision. Shows the scored text, the policy's steps, the probabilities and what moved them."""
    from router.commands.console import print_explanation
    from router.jsontext import encode_json

    router = _load(bundle, config)
    request = _request_of(source)
    decision: RouteDecision = router.route(replace(request, options=replace(request.options, explain=True)))
    if as_json:
        _say(encode_json(decision.to_dict()).decode())
    else:
        print_explanation(decision, top=top)


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the configuration and its bundle. Prints what is in force, and what is wrong with it."""
    from router.commands.addresses import refuse_open_address, refuse_own_address
    from router.commands.console import print_settings, settings_json
    from router.commands.findings import findings
    from router.jsontext import encode_json

    router = _load(None, config)
    refuse_open_address(router.settings)
    refuse_own_address(router.settings, router.settings.port)
    found = findings(router)
    if as_json:
        _say(encode_json(settings_json(router, found)).decode())
    else:
        print_settings(router, found)
    raise typer.Exit(1 if any(one.good is False for one in found) else 0)


@app.command()
def init(
    provider: Annotated[
        list[str] | None, typer.Option(help="A provider to use; all that are found if not given. Repeatable.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("tierwise.toml"),
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a configuration for the keys in the environment and the model servers on this machine."""
    from router.commands import init as made
    from router.settings import load_settings

    found = made.look_around(os.environ)
    is_asked = sys.stdin.isatty() and not yes
    names = made.chosen(provider or (), found)
    if is_asked and not provider:
        answer = typer.prompt("Providers to use, separated by commas", default=", ".join(names))
        names = made.chosen([name.strip() for name in answer.split(",") if name.strip()], found)
    for name, reason in found.unusable.items():
        _say(f"{name} has a key and is left out: {reason}")
    tiers = made.proposed(names, found)
    text = made.file_text(tiers, out=out)
    _say(text)
    if is_asked and not typer.confirm(f"Write this to {out}?", default=True):
        raise typer.Exit(1)
    made.write_file(text, out=out, force=force)
    load_settings(config=out)
    _say(f"Wrote {out}. Next: tierwise doctor --config {out}; tierwise serve --config {out}")


@app.command()
def doctor(
    config: ConfigOption = None,
    spend: Annotated[bool, typer.Option("--spend", help="Also make one tiny call of each provider.")] = False,
) -> None:
    """Look whether the configuration works here. Says the cure of each fault, and ends with 1 if there is one."""
    from router.commands.doctor import examined, other_providers

    router = _load(None, config)
    found = []
    for finding in examined(router, os.environ, home=Path.home(), spend=spend):
        _say(str(finding))
        found.append(finding)
    if others := other_providers(router.settings):
        _say(f"Other providers, and what to set for each: {others}")
    raise typer.Exit(1 if any(one.good is False for one in found) else 0)


@bundle_app.command("verify")
def bundle_verify(
    folder: Annotated[Path, typer.Argument(help="Folder of the bundle.")], as_json: JsonOption = False
) -> None:
    """Check every file of a bundle and reproduce its golden prompts."""
    from router.brain import load_bundle
    from router.brain.bundle.load import verify_files
    from router.jsontext import encode_json

    loaded = load_bundle(folder)
    verify_files(folder, loaded.manifest)
    facts = {
        "id": loaded.manifest.id,
        "sha256": loaded.sha256,
        "files": len(loaded.manifest.files),
        "golden": loaded.n_golden,
    }
    if as_json:
        _say(encode_json(facts).decode())
    else:
        line = f"{facts['id']}: {facts['files']} files match, {facts['golden']} golden prompts reproduced"
        _say(line)


@bundle_app.command("inspect")
def bundle_inspect(
    folder: Annotated[Path, typer.Argument(help="Folder of the bundle.")], as_json: JsonOption = False
) -> None:
    """Print what a bundle is: tiers, encoder, promise, data, licences."""
    from router.brain import load_bundle
    from router.commands.manifest_text import print_manifest
    from router.jsontext import encode_json

    manifest = load_bundle(folder).manifest
    if as_json:
        _say(encode_json(manifest.to_json()).decode())
    else:
        print_manifest(manifest)


def _say(line: str, *, err: bool = False) -> None:
    """Print a line for people; err: to standard error."""
    from router.jsontext import harmless

    typer.echo(harmless(line), err=err)


def _load(bundle: Path | None, config: Path | None) -> Router:
    from router.core import Router

    return Router.load(bundle, config=config)


def _request_of(source: str) -> RouteRequest:
    """The request of a prompt, or of a .json file or standard input with a body, or with its `headers` and `body`."""
    from router.dialects.route_body import parse_route_request, request_from_text
    from router.jsontext import encode_json

    if source != "-" and not source.endswith(".json"):
        return request_from_text(source)
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as exc:
        raise TierwiseError(f"{source}: cannot be read ({exc.strerror}).") from exc
    body = _decode(raw, "standard input" if source == "-" else source, is_plain_allowed=source == "-")
    if isinstance(body, str):
        return request_from_text(body)
    if isinstance(body, dict) and isinstance(body.get("body"), dict) and isinstance(body.get("headers"), dict):
        headers = {name.lower(): str(value) for name, value in body["headers"].items()}
        return parse_route_request(body["body"], headers=headers, raw=encode_json(body["body"]))
    return parse_route_request(body, raw=raw)


def _route_lines(router: Router, source: str) -> int:
    """Write one JSON line for each line read, in order. Returns how many lines could not be used."""
    from router.dialects.errors import render_error
    from router.jsontext import encode_json

    failed = 0
    for number, line in _numbered_lines(source):
        answer: dict[str, Any]
        try:
            answer = router.route(_decode_line(line, number)).to_dict()
        except RequestError as exc:
            failed += 1
            answer = {**render_error(exc), "line": number}
        sys.stdout.write(encode_json(answer).decode() + "\n")
    return failed


def _numbered_lines(source: str) -> Iterator[tuple[int, bytes]]:
    try:
        stream: IO[bytes] = sys.stdin.buffer if source == "-" else Path(source).open("rb")
    except OSError as exc:
        raise TierwiseError(f"{source}: cannot be read ({exc.strerror}).") from exc
    with stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, line.rstrip(b"\r\n")


def _decode_line(line: bytes, number: int) -> Any:
    """A line as a request: a JSON object or string; plain text is a prompt."""
    return _decode(line, f"line {number}", is_plain_allowed=True)


def _decode(raw: bytes, where: str, *, is_plain_allowed: bool) -> Any:
    """A JSON object or string, or where that is allowed the plain text itself. Raises RequestError."""
    from router.jsontext import decode_json

    if is_plain_allowed and not raw.lstrip().startswith((b"{", b'"')):
        return raw.decode("utf-8", "replace").rstrip("\r\n")
    try:
        return decode_json(raw)
    except ValueError as exc:
        raise RequestError(f"{where} is not JSON: {exc}.", code="invalid_json") from exc


if __name__ == "__main__":
    main()
