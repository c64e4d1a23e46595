"""The reference pages that are read off the code: commands, settings, catalogue, formats, errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import typer.main
from pydantic.fields import FieldInfo

from rag.commands import cli
from rag.commands.output import EXIT_CODES
from rag.core import errors
from rag.core.formats import FORMATS
from rag.core.settings import Settings
from rag.models.catalogue.known_models import MODELS
from rag.ui.texts import table

_MADE: Final = "*This page is made from the code when the site is built.*"
_KINDS: Final = {
    "gguf": "Models that write (llama.cpp)",
    "transformers": "Models that write (transformers)",
    "embedder": "Embedders",
    "reranker": "Rerankers",
    "reader": "Readers of answers",
    "judge": "Judges of claims",
}
_BRANCHES: Final = {
    errors.UnreadableDocument: "A document cannot be read",
    errors.AddressError: "A web address cannot be read",
    errors.LibraryError: "The library",
    errors.ModelError: "Models and their servers",
}
_OTHERS: Final = "Everything else"
_BOUND: Final = {"ge": "from", "le": "to"}


def pages() -> dict[str, str]:
    """Path on the site → Markdown."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "commands": _commands,
        "settings": _settings,
        "catalogue": _catalogue,
        "formats": _formats,
        "errors": _errors,
    }
    return {f"reference/{name}.md": "\n".join(lines()) + "\n" for name, lines in made.items()}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name: `models pull`."""

    def below(group: Any, before: str) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, f"{before}{name} ")
            else:
                yield f"{before}{name}", command

    return below(typer.main.get_command(cli.app), "")


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", _MADE, "")
    yield "`footnote …` where the package is installed, `python -m rag …` in a checkout: the same program."
    yield "What `--json` prints stands in [Output of --json](json.md), the codes of errors in [Errors](errors.md)."
    yield from ("", "| exit code | means |", "|---|---|")
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    root = typer.main.get_command(cli.app)
    yield from ("", "## footnote", "", *_parameters(root), "")
    for name, command in commands():
        takes = " ".join(part for part in _usage(command))
        yield from (f"## {name}", "", _plain(command.help), "", "```", f"footnote {name} {takes}".rstrip(), "```", "")
        yield from (*_parameters(command), "")


def _usage(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = parameter.name.upper() + ("…" if parameter.nargs == -1 else "")
            yield name if parameter.required else f"[{name}]"
    yield "[OPTIONS]"


def _parameters(command: Any) -> Iterator[str]:
    yield from ("| | default | |", "|---|---|---|")
    for parameter in command.params:
        option = parameter.param_type_name == "option"
        names = [*parameter.opts, *parameter.secondary_opts] if option else [parameter.name.upper()]
        default = parameter.default
        plain = isinstance(default, str | int | float) and not isinstance(default, bool) and default != ""
        called = ", ".join(f"`{name}`" for name in names)
        yield f"| {called} | {f'`{default}`' if plain else ''} | {_plain(parameter.help)} |"


def _settings() -> Iterator[str]:
    yield from ("# Settings", "", _MADE, "")
    yield "Set in the environment or in a file `.env` of the folder in which the program is started. A setting out of"
    yield "its bounds is named, and nothing is started. More on them: [Serve a team](../team.md) (database, sign-in,"
    yield "readers, metrics), [Choose a model](../models.md), [Connect a model server](../model-servers.md)."
    yield from ("", "| name | default | bounds | what it does |", "|---|---|---|---|")
    for name, field in Settings.model_fields.items():
        yield f"| `RAG_{name.upper()}` | {_default(field)} | {_bounds(field)} | {_plain(field.description)} |"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the user's data folder; in a checkout `data/var`"
    value = getattr(field.default, "get_secret_value", lambda: field.default)()
    if value is None or value in ("", ()):
        return ""
    return f"`{json.dumps(value) if isinstance(value, bool | tuple) else value}`"


def _bounds(field: FieldInfo) -> str:
    bounds = [
        f"{word} {getattr(each, key)}" for each in field.metadata for key, word in _BOUND.items() if hasattr(each, key)
    ]
    choices = [f"`{choice}`" for choice in getattr(field.annotation, "__args__", ()) if isinstance(choice, str)]
    return " ".join(bounds) or ", ".join(choices)


def _catalogue() -> Iterator[str]:
    yield from ("# Catalogue of models", "", _MADE, "")
    yield "What `footnote models pull` knows by name. Any other repository of the hub is named `owner/name`; what was"
    yield "run, with which result stands in [Choose a model](../models.md)."
    for kind, title in _KINDS.items():
        if rows := [model for model in MODELS if model.kind == kind]:
            yield from (
                "",
                f"## {title}",
                "",
                "| name | size | reads | languages | licence | from |",
                "|---|---|---|---|---|---|",
            )
            for model in rows:
                size = "" if model.size is None else f"{model.size / 1e9:.2f} GB"
                origin = f"the package `{model.package}`" if model.package else f"`{model.repo}`"
                yield (
                    f"| `{model.name}` | {size} | {model.context} tokens | {', '.join(model.languages)} "
                    f"| {model.licence}{', to be accepted' if model.accept else ''} | {origin} |"
                )


def _formats() -> Iterator[str]:
    yield from (
        "# Formats that are read",
        "",
        _MADE,
        "",
        "| format | names of files | a footnote names |",
        "|---|---|---|",
    )
    for each in FORMATS:
        if each.endings:
            yield f"| {each.name} | {' '.join(f'`{ending}`' for ending in each.endings)} | {each.places} |"


def _errors() -> Iterator[str]:
    yield from ("# Errors", "", _MADE, "")
    yield "The `code` of an error under `--json` never changes its meaning; the words may. A command that is refused"
    yield "ends with exit code 1, wrong use with 2 and `usage` for the error's code."
    branches: dict[str, list[type[errors.RagError]]] = {title: [] for title in (*_BRANCHES.values(), _OTHERS)}
    for leaf in errors.RagError.leaves():
        found = (title for branch, title in _BRANCHES.items() if issubclass(leaf, branch))
        branches[next(found, _OTHERS)].append(leaf)
    for title, leaves in branches.items():
        yield from ("", f"## {title}", "", "| code | when | what is said |", "|---|---|---|")
        for leaf in leaves:
            said = table("en")[f"errors.{leaf.key()}"]
            yield f"| `{leaf.key()}` | {_plain(leaf.__doc__)} | {_plain(said)} |"


_MARKS: Final = re.compile(r"([|<>*_\[\]])")


def _plain(text: str | None) -> str:
    """Text as it is, in a cell of a table."""
    return _MARKS.sub(r"\\\1", " ".join((text or "").split()))
