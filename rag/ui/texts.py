"""Interface texts by key, from `en.toml` and `zh.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from rag.core.types import Failure

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# Fields of errors whose values are codes with texts of their own.
_CODES = {"reason", "what", "type"}


@lru_cache
def table(language: Language) -> Mapping[str, str]:
    """All texts of a language by dotted key: `chat.stop`."""
    tree = tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{group}.{name}": text for group, texts in tree.items() for name, text in texts.items()}


class Texts:
    """The texts of one language, with fields filled in: `texts("documents.pages", count=3)`."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._table = table(language)

    def __call__(self, key: str, **fields: object) -> str:
        return self._table[key].format_map(fields)

    def count(self, key: str, count: int) -> str:
        """Singular or plural: "1 page", "2 pages"."""
        return self(f"{key}_one") if count == 1 else self(key, count=count)

    def failure(self, failure: Failure) -> str:
        """The sentence for a stored error."""
        fields = dict(failure.fields)
        for name in _CODES & fields.keys():
            fields[name] = self._table.get(f"reasons.{fields[name]}", fields[name])
        return self(f"errors.{failure.key}", **fields)


def language_for(locale: str | None) -> Language:
    """The interface language for a browser's locale, such as `zh-CN`."""
    return "zh" if (locale or "").lower().startswith("zh") else "en"


def moment(stored: str, form: str = "%Y-%m-%d %H:%M") -> str:
    """A stored ISO 8601 time in this machine's time zone."""
    return datetime.fromisoformat(stored).astimezone().strftime(form)
