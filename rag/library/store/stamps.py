"""What is written beside new rows: ids and times."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_id() -> str:
    """128 random bits in hex."""
    return secrets.token_hex(16)


def now() -> str:
    """The current time in UTC, ISO 8601 with microseconds, so that it sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
