"""`python -m rag backup | restore | doctor`: keeping a library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from rag import build, settings
from rag.doctor import Check, examine
from rag.errors import FileMissing
from rag.ui.texts import Texts, language_for

PROBLEM = 1

app = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to write.")], as_json: AsJson = False) -> None:
    """Write the whole library, with the files in it, into one file. It can be in use meanwhile."""
    from rag.store.backup import backup as write

    if not file.absolute().parent.is_dir():
        raise FileMissing(name=str(file.parent))
    missing = write(build.services(settings.load()).store, file)
    lines: list[tuple[str, dict[str, object]]] = [("doctor.backed_up", {"file": file})]
    if missing:
        lines.append(("doctor.missing", {"count": len(missing)}))
    _tell({"file": str(file), "bytes": file.stat().st_size, "missing": missing}, lines, as_json)
    if missing:
        raise typer.Exit(PROBLEM)


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that backup wrote.")], as_json: AsJson = False) -> None:
    """Make the library in a backup the one in use. The one that is there is kept beside it. Close the app first."""
    from rag.store.backup import restore as bring_back

    if not file.is_file():
        raise FileMissing(name=str(file))
    kept = bring_back(file, settings.load().data_dir)
    lines: list[tuple[str, dict[str, object]]] = [("doctor.restored", {"file": file})]
    if kept:
        lines.append(("doctor.kept", {"folder": kept}))
    _tell({"file": str(file), "kept": str(kept) if kept else None}, lines, as_json)


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Rehearse with the network cut.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look whether everything is as it should be; exit code 1 where something is not."""
    checks = _rehearsed() if offline else _examined()
    texts = _texts()
    if as_json:
        told = [{"check": check.name, "ok": check.ok, "text": _sentence(check, texts)} for check in checks]
        typer.echo(json.dumps({"ok": all(check.ok for check in checks), "checks": told}, ensure_ascii=False, indent=2))
    else:
        for check in checks:
            typer.echo(f"{'✓' if check.ok else '✗'} {_sentence(check, texts)}")
    if not all(check.ok for check in checks):
        raise typer.Exit(PROBLEM)


def _examined() -> list[Check]:
    current = settings.load()
    services = build.services(current)
    return examine(
        current.data_dir,
        lambda: services.choice,
        lambda: services.embedder_choice,
    )


def _rehearsed() -> list[Check]:
    from rag.offline import rehearse

    seen = rehearse(settings.load())
    checks = [
        Check(
            "rehearsal", play.answers > 0, {"model": play.model, "documents": play.documents, "answers": play.answers}
        )
        for play in seen.plays
    ]
    attempts = [Check("attempt", False, {"attempt": attempt}) for attempt in seen.attempts]
    return [*checks, *attempts, *([] if attempts else [Check("attempts", True)])]


def _sentence(check: Check, texts: Texts) -> str:
    if check.ok:
        return texts(f"doctor.{check.name}", **check.fields)
    reason = texts.failure(check.error) if check.error else ""
    return texts(f"doctor.{check.name}_bad", **check.fields, reason=reason)


def _tell(record: dict[str, Any], lines: list[tuple[str, dict[str, object]]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
        return
    texts = _texts()
    for key, fields in lines:
        typer.echo(texts(key, **fields))


def _texts() -> Texts:
    chosen = settings.load().language
    return Texts(language_for(None) if chosen == "auto" else chosen)
