"""Check of the options that scripts written for LangChain pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def reject_unknown(known: set[str], options: Mapping[str, Any] | None) -> None:
    """Raises TypeError for an option that is not implemented here, instead of ignoring it."""
    if unknown := sorted((options or {}).keys() - known):
        raise TypeError(f"not supported here: {', '.join(unknown)}")
