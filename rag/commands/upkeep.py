"""`python -m rag backup | restore | move | doctor`: maintenance of a library; see `output.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.commands.output import PROBLEM, AsJson, Quiet, tell, texts, using
from rag.core import settings
from rag.core.errors import FileMissing
from rag.library.store import Store
from rag.operations.doctor import Check, examine
from rag.services import NO_MODEL, Services, open_services
from rag.ui.texts import Texts

if TYPE_CHECKING:
    from rag.models.catalogue import Choice

# A line to print: the key of its text, and the fields of that.
Line = tuple[str, dict[str, object]]

app = typer.Typer()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")], quiet: Quiet = False, as_json: AsJson = False
) -> None:
    """Write the whole library, with its files, into one file. It can be in use at the same time."""
    from rag.library.store.backup import backup as write

    if not file.absolute().parent.is_dir():
        raise FileMissing(name=str(file.parent))
    with using(file):
        missing = write(open_services(settings.load()).store, file)
    lines: list[Line] = [("doctor.backed_up", {"file": file})]
    if missing:
        lines.append(("doctor.missing", {"count": len(missing)}))
    tell(
        {"file": str(file), "bytes": file.stat().st_size, "missing": missing},
        _worded(lines),
        as_json,
        wrong=_worded(lines[1:]),
    )
    if missing:
        raise typer.Exit(PROBLEM)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that backup wrote.")],
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Restore the library from a backup. The present one is kept beside it. Close the app first."""
    from rag.library.store.backup import restore as bring_back

    if not file.is_file():
        raise FileMissing(name=str(file))
    current = settings.load()
    with using(file):
        kept = bring_back(file, current.data_dir, current.database_url.get_secret_value())
    lines: list[Line] = [("doctor.restored", {"file": file})]
    if kept:
        lines.append(("doctor.kept", {"folder": kept}))
    tell({"file": str(file), "kept": str(kept) if kept else None}, _worded(lines), as_json, wrong=())


@app.command()
def move(
    to: Annotated[str, typer.Option("--to", help="Where it goes: a database's address or a folder.")] = "",
    source: Annotated[str, typer.Option("--from", help="Where it comes from, if not the library in use.")] = "",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Copy the whole library to another place, from SQLite to PostgreSQL or back, and prove that it is the same.

    One of --to and --from may be left out: it is the library in use then. Close the app first.
    """
    from rag.library.store.moving import move as carry

    if not to and not source:
        raise typer.BadParameter("say where the library goes, or where it comes from", param_hint="--to / --from")
    with closing(_library(source)) as origin, closing(_library(to)) as target:
        moved = carry(origin, target)
        ends = {"from": origin.database.name, "to": target.database.name}
    tables = {name: {"rows": proof.rows, "digest": proof.digest} for name, proof in moved.tables.items()}
    lines: list[Line] = [
        *(("move.table", {"table": name, "rows": proof.rows}) for name, proof in moved.tables.items()),
        ("move.done", {"library": ends["to"], "originals": moved.originals}),
    ]
    wrong: list[Line] = [("doctor.missing", {"count": len(moved.missing)})] if moved.missing else []
    tell(
        ends | {"equal": True, "tables": tables, "originals": moved.originals, "missing": list(moved.missing)},
        _worded([*lines, *wrong]),
        as_json,
        wrong=_worded(wrong),
    )
    if moved.missing:
        raise typer.Exit(PROBLEM)


def _library(place: str) -> Store:
    """The library at a database URL or in a folder; the one in use where `place` is empty."""
    current = settings.load()
    if place.startswith(settings.POSTGRESQL):
        return Store.open(current.data_dir, place)
    return Store.open(Path(place)) if place else open_services(current).store


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Rehearse with the network cut.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Check the library, the models and the packages; exit code 1 where a check fails."""
    checks = _rehearsed() if offline else _examined()
    ok, words = all(check.ok for check in checks), texts()
    told = [(check, _sentence(check, words)) for check in checks]
    results = [{"check": check.name, "ok": check.ok, "text": text} for check, text in told]
    lines = [_marked(check.ok, text) for check, text in told]
    wrong = [_marked(False, text) for check, text in told if not check.ok]
    tell({"ok": ok, "checks": results}, lines, as_json, wrong=wrong)
    if not ok:
        raise typer.Exit(PROBLEM)


def _marked(ok: bool, text: str) -> str:
    """The line with its mark, coloured; typer takes the colour out where nobody sees it."""
    mark = "✓" if ok else "✗"
    return f"{mark if os.environ.get('NO_COLOR') else typer.style(mark, fg='green' if ok else 'red')} {text}"


def _examined() -> list[Check]:
    current = settings.load()
    services = open_services(current)
    return examine(
        current.data_dir,
        current.database_url.get_secret_value(),
        lambda: _writing(services),
        lambda: services.embedder_choice,
        current.vectors.get_secret_value(),
        [current.models_folder],
    )


def _writing(services: Services) -> Choice | None:
    """The model that writes; at NOWHERE where it is not in the catalogue, None where answers are quotes only."""
    from rag.models.catalogue import NOWHERE, Choice

    choice, name = services.choice, services.model_name
    return choice if choice or name == NO_MODEL else Choice(name, NOWHERE, None)


def _rehearsed() -> list[Check]:
    from rag.commands.offline import check_offline

    result = check_offline(settings.load())
    checks = [
        Check(
            "rehearsal", play.answers > 0, {"model": play.model, "documents": play.documents, "answers": play.answers}
        )
        for play in result.plays
    ]
    attempts = [Check("attempt", False, {"attempt": attempt}) for attempt in result.attempts]
    return [*checks, *attempts, *([] if attempts else [Check("attempts", True)])]


def _worded(lines: list[Line]) -> Iterator[str]:
    words = texts()
    return (words(key, **fields) for key, fields in lines)


def _sentence(check: Check, words: Texts) -> str:
    if check.ok:
        return words(f"doctor.{check.name}", **check.fields)
    reason = words.failure(check.error) if check.error else ""
    return words(f"doctor.{check.name}_bad", **check.fields, reason=reason)
