"""Interface texts by key, from a file a language: `en.toml`, `de.toml` …

A language is its file: whatever stands beside this module is offered, under the name that `[language]` gives it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from rag.core.types import Failure

# A language's code, the name of its file.
Language = str

_HERE: Final = Path(__file__).parent
# English first: what is shown where no other language is asked for.
LANGUAGES: Final[tuple[Language, ...]] = (
    "en",
    *sorted(file.stem for file in _HERE.glob("*.toml") if file.stem != "en"),
)

# Fields of errors whose values are codes with texts of their own.
_CODES = {"reason", "what", "type"}


@lru_cache
def table(language: Language) -> Mapping[str, str]:
    """All texts of a language by dotted key: `chat.stop`."""
    tree = tomllib.loads((_HERE / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{group}.{name}": text for group, texts in tree.items() for name, text in texts.items()}


class Texts:
    """The texts of one language, with fields filled in: `texts("documents.pages", count=3)`.

    Args:
        language: one of `LANGUAGES`.
        administrator: whoever reads can set settings, so failures say which one it is.
    """

    def __init__(self, language: Language, *, administrator: bool = False) -> None:
        self.language: Language = language
        self._administrator = administrator
        self._table = table(language)

    def __call__(self, key: str, **fields: object) -> str:
        return self._table[key].format_map(fields)

    def count(self, key: str, count: int, **fields: object) -> str:
        """Singular or plural: "1 page", "2 pages"."""
        return self(f"{key}_one", **fields) if count == 1 else self(key, count=count, **fields)

    def failure(self, failure: Failure) -> str:
        """The sentence for a stored error."""
        fields = dict(failure.fields)
        for name in _CODES & fields.keys():
            fields[name] = self._table.get(f"reasons.{fields[name]}", fields[name])
        said = self(f"errors.{failure.key}", **fields)
        setting = self._table.get(f"administrator.{failure.key}") if self._administrator else None
        return f"{said} {setting}" if setting else said


def language_name(language: Language) -> str:
    """What a language is called by those who speak it."""
    return table(language)["language.name"]


def language_for(locale: str | None) -> Language:
    """The interface language for a browser's locale, such as `zh-CN`; English where there is none."""
    wanted = (locale or "").lower()
    return next((language for language in LANGUAGES if wanted.startswith(language)), LANGUAGES[0])


def moment(stored: str, form: str = "%Y-%m-%d %H:%M") -> str:
    """A stored ISO 8601 time in this machine's time zone."""
    return datetime.fromisoformat(stored).astimezone().strftime(form)
