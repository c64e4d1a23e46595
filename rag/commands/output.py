"""The output of commands: sentences, or with `--json` exactly one object on standard output, also on errors.

The object's `error` is null where the command did its work; errors of single documents, files or checks are with them.
Otherwise it has a stable `code` and a `text` for people, which is printed on standard error as well.
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
_WRONG: Final = 2
_INTERRUPTED: Final = 130
# What the reference and `--help` say of them.
EXIT_CODES: Final = {
    0: "all well",
    PROBLEM: "something was refused or failed, and is named",
    _WRONG: "wrong use",
    _INTERRUPTED: "ended with Ctrl-C",
}
_WRONG_USE: Final = "usage"

_log = logging.getLogger(__name__)


class _JsonOutput:
    """Whether an object is wanted, None until the arguments are parsed; and whether it was printed."""

    wanted: bool | None = None
    printed = False
    # Whether what went well is left out.
    quiet = False


def _set_wanted(value: bool) -> bool:
    _JsonOutput.wanted = value
    return value


# Eager: parsed before another option's wrong value ends the command.
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object.", callback=_set_wanted, is_eager=True, show_default=False),
]


def _set_quiet(value: bool) -> bool:
    _JsonOutput.quiet = _JsonOutput.quiet or value
    return value


# On the program and on commands, so that it may stand before or behind the command's name.
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Only what went wrong; no progress.", callback=_set_quiet, show_default=False),
]


def is_quiet() -> bool:
    return _JsonOutput.quiet


def run(app: typer.Typer) -> NoReturn:
    """Run the command given by `sys.argv`, and exit with its code."""
    _JsonOutput.wanted, _JsonOutput.printed, _JsonOutput.quiet = None, False, False
    # File names can hold bytes that are not text in any encoding.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    status, error = _outcome(app)
    wanted = "--json" in _options(sys.argv[1:]) if _JsonOutput.wanted is None else _JsonOutput.wanted
    if wanted and error and not _JsonOutput.printed:
        _print({"error": error})
    sys.exit(status)


def _outcome(app: typer.Typer) -> tuple[int, dict[str, str] | None]:
    """The exit code, and the error, which was printed on standard error."""
    try:
        status = app(standalone_mode=False) or 0
        return status, report(Cancelled().failure()) if status == _INTERRUPTED else None
    except typer.Abort:
        return PROBLEM, report(Cancelled().failure())
    except typer.TyperException as wrong:
        # Usage errors also print the usage.
        show = getattr(wrong, "show", None)
        show() if show else typer.echo(wrong.format_message(), err=True)
        return wrong.exit_code, {"code": _WRONG_USE, "text": wrong.format_message()}
    except RagError as error:
        return PROBLEM, report(error.failure())
    except BrokenPipeError:
        # The reader of the output has gone: discard what is still buffered.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEM, None
    except OSError as error:
        if error.filename is None:
            return PROBLEM, report(Unexpected.logged(error, "the command", _log).failure())
        return PROBLEM, report(_unusable(error.filename, error).failure())
    except Exception as error:  # noqa: BLE001 - the outermost place: a bug becomes a sentence
        return PROBLEM, report(Unexpected.logged(error, "the command", _log).failure())


def _options(arguments: list[str]) -> list[str]:
    """The arguments that can be options: those before `--`."""
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def tell(
    record: dict[str, Any],
    lines: Iterable[str],
    as_json: bool,
    error: Failure | None = None,
    wrong: Iterable[str] | None = None,
) -> None:
    """Print a command's result, as an object or as these lines, and an error that concerns a part of it.

    Args:
        wrong: those of the lines that --quiet leaves; None for all, where they are what was asked for.
    """
    if as_json:
        _print(record | {"error": report(error) if error else None})
        return
    for line in wrong if wrong is not None and is_quiet() else lines:
        typer.echo(line)
    if error:
        report(error)


def report(failure: Failure) -> dict[str, str]:
    """Print a failure's sentence on standard error; returns it as the object's `error`."""
    text = texts().failure(failure)
    typer.echo(text, err=True)
    return {"code": failure.key, "text": text}


def texts() -> Texts:
    """The texts in the language that is set, or the machine's."""
    try:
        chosen = settings.load().language
    except SettingsInvalid:
        # The settings error itself is about to be printed.
        chosen = os.environ.get("RAG_LANGUAGE", "auto")
    return Texts(language_for(None if chosen == "auto" else chosen), administrator=True)


@contextmanager
def using(path: Path | str) -> Iterator[None]:
    """Turn OSError into FileUnusable, naming this path unless the system names another."""
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
    _JsonOutput.printed = True
    typer.echo(text)
