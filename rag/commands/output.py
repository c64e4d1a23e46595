"""What commands print: sentences, or with `--json` one object on standard output, whatever becomes of the command.

The object's `error` is null where the command did its work; what became of single documents, files or checks stands
with them. Where it did not, `error` has a `code`, which stays as it is, and a `text` for people; the text goes to
standard error as well. Exit codes: 0 it is so, 1 it was refused or failed, 2 wrong use, 130 ended with Ctrl-C.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from rag.core import settings
from rag.core.errors import Cancelled, FileUnusable, RagError, SettingsInvalid, Unexpected
from rag.core.types import Failure
from rag.ui.texts import Texts, language_for

PROBLEM: Final = 1
_INTERRUPTED: Final = 130
_WRONG_USE: Final = "usage"

_log = logging.getLogger(__name__)


class _Wish:
    """Whether an object is wanted, None while the arguments are not understood; and whether it was printed."""

    json: bool | None = None
    printed = False


def _noted(value: bool) -> bool:
    _Wish.json = value
    return value


# Eager: understood before another option's wrong value ends the command.
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object.", callback=_noted, is_eager=True, show_default=False)
]


def run(app: typer.Typer) -> NoReturn:
    """Run the command that this process was started with, and end with its exit code."""
    _Wish.json, _Wish.printed = None, False
    # A file's name can hold what no encoding has.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    status, error = _outcome(app)
    wanted = "--json" in _before_texts(sys.argv[1:]) if _Wish.json is None else _Wish.json
    if wanted and error and not _Wish.printed:
        _print({"error": error})
    sys.exit(status)


def _outcome(app: typer.Typer) -> tuple[int, dict[str, str] | None]:
    """The exit code, and what was wrong, which has been said on standard error."""
    try:
        status = app(standalone_mode=False) or 0
        return status, said(Cancelled().failure()) if status == _INTERRUPTED else None
    except typer.Abort:
        return PROBLEM, said(Cancelled().failure())
    except typer.TyperException as wrong:
        # Mistakes in the arguments show how the command is used, too.
        show = getattr(wrong, "show", None)
        show() if show else typer.echo(wrong.format_message(), err=True)
        return wrong.exit_code, {"code": _WRONG_USE, "text": wrong.format_message()}
    except RagError as error:
        return PROBLEM, said(error.failure())
    except BrokenPipeError:
        # Whoever read what is printed has gone; nor is there anybody for what is still to be written out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEM, None
    except OSError as error:
        if error.filename is None:
            return PROBLEM, said(Unexpected.logged(error, "the command", _log).failure())
        return PROBLEM, said(_unusable(error.filename, error).failure())
    except Exception as error:  # noqa: BLE001 - the outermost place: a fault of ours becomes a sentence
        return PROBLEM, said(Unexpected.logged(error, "the command", _log).failure())


def _before_texts(arguments: list[str]) -> list[str]:
    """What can be options: after `--` there are none."""
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def tell(record: dict[str, Any], lines: Iterable[str], as_json: bool, error: Failure | None = None) -> None:
    """Print a command's outcome: the object, or these lines; and what stood in the way of a part of it."""
    if as_json:
        _print(record | {"error": said(error) if error else None})
        return
    for line in lines:
        typer.echo(line)
    if error:
        said(error)


def said(failure: Failure) -> dict[str, str]:
    """A failure as it stands in the object, once its sentence is on standard error."""
    text = texts().failure(failure)
    typer.echo(text, err=True)
    return {"code": failure.key, "text": text}


def texts() -> Texts:
    """The words in the language that is set, or the machine's."""
    try:
        chosen = settings.load().language
    except SettingsInvalid:
        # Which is what has to be said.
        return Texts(language_for(os.environ.get("RAG_LANGUAGE")))
    return Texts(language_for(None) if chosen == "auto" else chosen)


@contextmanager
def using(path: Path | str) -> Iterator[None]:
    """Raises FileUnusable, naming this path unless the system names another, where that may not be read or written."""
    try:
        yield
    except OSError as error:
        raise _unusable(error.filename or path, error) from error


def _unusable(path: object, error: OSError) -> FileUnusable:
    return FileUnusable(name=str(path), reason=error.strerror or type(error).__name__)


def _print(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    _Wish.printed = True
    typer.echo(text)
