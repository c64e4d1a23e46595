"""The app's services are opened with its process, so that the first visitor waits for nothing that a later one has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from rag.core import settings
from rag.core.errors import RagError
from rag.ui.page_frame import services_for

# Whoever opens a page right after the start is not to wait for the import of the models' libraries beside it.
_UNDISTURBED_SECONDS: Final = 3.0


@asynccontextmanager
async def warm_start(app: object) -> AsyncIterator[dict[str, Any]]:
    """Opens them in the background, unless a page did so before."""
    opening = asyncio.create_task(_open())
    yield {}
    opening.cancel()


async def _open() -> None:
    await asyncio.sleep(_UNDISTURBED_SECONDS)
    # A page meets the same error and shows it.
    with suppress(RagError):
        current = settings.load()
        if current.warm_up:
            await asyncio.to_thread(services_for, current)
