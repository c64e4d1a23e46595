"""`python -m rag models list | pull | import | verify | remove`: the models of this machine without a browser.

Exit codes: 0 it is so, 1 it was refused or failed and is named, 2 wrong use.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rag import build, settings
from rag.catalogue.downloads import Progress, gigabytes
from rag.errors import Cancelled, ModelError
from rag.stock import Entry, Stock
from rag.ui.models import facts, fitting, share
from rag.ui.texts import Texts, language_for

PROBLEM = 1

app = typer.Typer(no_args_is_help=True, help="The models of this machine: what is here, what fits, bringing more.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help="A name of the catalogue, name:Q5_K_M, or owner/name of the hub.")]


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """Every model known here: whether it is on the disk, and how it runs on this machine."""
    stock, texts = _stock(), _texts()
    try:
        stock.measure()
    except ModelError as error:
        # Without a measured speed the list says so of each model.
        typer.echo(texts.failure(error.failure()), err=True)
    entries = stock.entries()
    if as_json:
        _print({"folder": str(stock.folder), "models": [_record(entry) for entry in entries]})
        return
    for entry in entries:
        typer.echo(f"{'✓' if entry.here else '·'} {entry.called}: {fitting(entry, texts)}")
        typer.echo(f"    {facts(entry, texts)}")


@app.command("pull")
def fetch(
    name: Name,
    accept: Annotated[bool, typer.Option("--accept-licence", help="You accepted its licence.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a model here. Cut off, it goes on next time; ended with Ctrl-C, nothing of it stays."""
    texts = _texts()

    def tell(progress: Progress) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{share(progress, texts)}")

    try:
        place = _stock().pull(name, accepted=accept, tell=tell)
    except KeyboardInterrupt as error:
        raise Cancelled from error
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\n")
    _tell({"name": name, "place": str(place)}, texts("models.pulled", name=name, place=place), as_json)


@app.command("import")
def bring(
    path: Annotated[Path, typer.Argument(help="A GGUF file, or a folder with a model as safetensors.")],
    as_json: AsJson = False,
) -> None:
    """Copy a model of your own into the models folder."""
    name = _stock().take_in(path)
    _tell({"name": name}, _texts()("models.imported", name=name), as_json)


@app.command()
def verify(name: Name, as_json: AsJson = False) -> None:
    """Hold each file of a model against the hash it had when it came; exit code 1 where one differs."""
    states, texts = _stock().verify(name), _texts()
    if as_json:
        _print({"name": name, "ok": set(states.values()) == {"ok"}, "files": states})
    else:
        for file, state in states.items():
            typer.echo(f"{file}: {texts(f'models.state_{state}')}")
    if set(states.values()) != {"ok"}:
        raise typer.Exit(PROBLEM)


@app.command()
def remove(
    name: Name,
    forget: Annotated[bool, typer.Option("--forget", help="Forget its hashes too: another version may come.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a model from the models folder."""
    freed = _stock().remove(name, forget=forget)
    _tell({"name": name, "bytes": freed}, _texts()("models.removed", name=name, size=gigabytes(freed)), as_json)


def _stock() -> Stock:
    return build.services(settings.load()).stock


def _record(entry: Entry) -> dict[str, Any]:
    """A model's line of `list --json`. Sizes are bytes; null where something is not known."""
    model = entry.model
    return {
        "name": entry.called,
        "kind": entry.kind,
        "installed": entry.here is not None,
        "path": str(entry.here.path) if entry.here else None,
        "size": entry.size,
        "memory": entry.memory,
        "fit": entry.fit.mark,
        "seconds_to_first_word": entry.fit.seconds,
        "measured": entry.fit.measured,
        "licence": model.licence if model else None,
        "accept": model.accept if model else None,
        "sha256": model.sha256 if model else None,
        "context": model.context if model else None,
        "languages": list(model.languages) if model else [],
    }


def _tell(record: dict[str, Any], line: str, as_json: bool) -> None:
    if as_json:
        _print(record)
    else:
        typer.echo(line)


def _print(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _texts() -> Texts:
    chosen = settings.load().language
    return Texts(language_for(None) if chosen == "auto" else chosen)
