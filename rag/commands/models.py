"""`python -m rag models list | pull | import | verify | remove`: the models of this machine; see `output.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.output import PROBLEM, AsJson, Quiet, report, tell, texts, using
from rag.commands.progress import bars
from rag.core import settings
from rag.core.errors import Cancelled, ModelError
from rag.models.catalogue.known_models import MODELS
from rag.models.catalogue.transfers import gigabytes
from rag.models.installed import Entry, InstalledModels
from rag.services import open_services
from rag.ui.model_labels import facts, fitting

app = typer.Typer(no_args_is_help=True, help="The models of this machine: what is here, what fits, bringing more.")


def _names(incomplete: str) -> list[str]:
    return [model.name for model in MODELS if model.name.startswith(incomplete)]


_NAME = "A name of the catalogue, name:Q5_K_M, or owner/name of the hub."
Name = Annotated[str, typer.Argument(help=_NAME, autocompletion=_names)]


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
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Download a model. An interrupted download resumes next time; one ended with Ctrl-C is removed."""
    try:
        with bars(in_bytes=True) as shown, shown.bar(name) as step:
            place = _installed().pull(
                name, accepted=accept, on_progress=lambda progress: step(progress.done, progress.total)
            )
    except KeyboardInterrupt as error:
        raise Cancelled from error
    lines = [texts()("models.pulled", name=name, place=place)]
    tell({"name": name, "place": str(place)}, lines, as_json, wrong=())


@app.command("import")
def bring(
    path: Annotated[Path, typer.Argument(help="A GGUF file, or a folder with a model as safetensors.")],
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Copy a model of your own into the models folder."""
    with using(path):
        name = _installed().take_in(path)
    tell({"name": name}, [texts()("models.imported", name=name)], as_json, wrong=())


@app.command()
def verify(name: Name, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Verify each file of a model against its recorded hash; exit code 1 where one differs."""
    states, words = _installed().verify(name), texts()
    ok = set(states.values()) == {"ok"}
    lines = {file: f"{file}: {words(f'models.state_{state}')}" for file, state in states.items()}
    wrong = [line for file, line in lines.items() if states[file] != "ok"]
    tell({"name": name, "ok": ok, "files": states}, lines.values(), as_json, wrong=wrong)
    if not ok:
        raise typer.Exit(PROBLEM)


@app.command()
def remove(
    name: Name,
    forget: Annotated[bool, typer.Option("--forget", help="Forget its hashes too: another version may come.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Remove a model from the models folder."""
    freed = _installed().remove(name, forget=forget)
    lines = [texts()("models.removed", name=name, size=gigabytes(freed))]
    tell({"name": name, "bytes": freed}, lines, as_json, wrong=())


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
