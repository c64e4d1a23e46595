"""`python -m rag models list | pull | import | verify | remove`: the models of this machine; see `output.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.output import PROBLEM, AsJson, report, tell, texts, using
from rag.core import settings
from rag.core.errors import Cancelled, ModelError
from rag.models.catalogue.transfers import Progress, gigabytes
from rag.models.installed import Entry, InstalledModels
from rag.services import open_services
from rag.ui.model_labels import facts, fitting, share

app = typer.Typer(no_args_is_help=True, help="The models of this machine: what is here, what fits, bringing more.")
Name = Annotated[str, typer.Argument(help="A name of the catalogue, name:Q5_K_M, or owner/name of the hub.")]


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """List all known models: whether each is on the disk, and how it runs on this machine."""
    models, words = _installed(), texts()
    try:
        models.measure()
    except ModelError as error:
        # Each model of the list is then shown without a measured speed.
        report(error.failure())
    entries = models.entries()
    lines = (
        f"{'✓' if entry.here else '·'} {entry.called}: {fitting(entry, words)}\n    {facts(entry, words)}"
        for entry in entries
    )
    tell({"folder": str(models.folder), "models": [_record(entry) for entry in entries]}, lines, as_json)


@app.command("pull")
def fetch(
    name: Name,
    accept: Annotated[bool, typer.Option("--accept-licence", help="You accepted its licence.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download a model. An interrupted download resumes next time; one ended with Ctrl-C is removed."""
    words = texts()

    def show_share(progress: Progress) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{share(progress, words)}")

    try:
        place = _installed().pull(name, accepted=accept, on_progress=show_share)
    except KeyboardInterrupt as error:
        raise Cancelled from error
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\n")
    tell({"name": name, "place": str(place)}, [words("models.pulled", name=name, place=place)], as_json)


@app.command("import")
def bring(
    path: Annotated[Path, typer.Argument(help="A GGUF file, or a folder with a model as safetensors.")],
    as_json: AsJson = False,
) -> None:
    """Copy a model of your own into the models folder."""
    with using(path):
        name = _installed().take_in(path)
    tell({"name": name}, [texts()("models.imported", name=name)], as_json)


@app.command()
def verify(name: Name, as_json: AsJson = False) -> None:
    """Verify each file of a model against its recorded hash; exit code 1 where one differs."""
    states, words = _installed().verify(name), texts()
    ok = set(states.values()) == {"ok"}
    lines = (f"{file}: {words(f'models.state_{state}')}" for file, state in states.items())
    tell({"name": name, "ok": ok, "files": states}, lines, as_json)
    if not ok:
        raise typer.Exit(PROBLEM)


@app.command()
def remove(
    name: Name,
    forget: Annotated[bool, typer.Option("--forget", help="Forget its hashes too: another version may come.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a model from the models folder."""
    freed = _installed().remove(name, forget=forget)
    tell({"name": name, "bytes": freed}, [texts()("models.removed", name=name, size=gigabytes(freed))], as_json)


def _installed() -> InstalledModels:
    return open_services(settings.load()).installed_models


def _record(entry: Entry) -> dict[str, Any]:
    """A model's object in `list --json`. Sizes are in bytes; null where something is not known."""
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
