"""One Chromium for every test that needs one, and those tests last; two processes share the files (`make test`).

Playwright keeps an event loop running in the main thread from its first start on, and no test may
start another one beside it: so there is one browser, and what uses `asyncio.run` comes before it.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from xdist.scheduler import LoadGroupScheduling

from tests.support import postgres
from tests.support.postgres import Place

# An example that takes longer than most is no failure: others may run beside it.
settings.register_profile("without a deadline", deadline=None)
settings.load_profile("without a deadline")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests run in one process, in their order; those that need a Chromium are a file of their own."""
    scheduler = LoadGroupScheduling(config, log)
    group_of = scheduler._split_scope
    scheduler._split_scope = lambda nodeid: group_of(nodeid).split("::", 1)[0]
    return scheduler


def pytest_itemcollected(item: pytest.Item) -> None:
    if "chromium" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group(f"{item.path.name} in a browser"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))


@pytest.fixture(autouse=True)
def own_main_module() -> Iterator[None]:
    """Streamlit makes a page that it runs the main module, and processes that are spawned later would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where it is installed, otherwise Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server that this run has for itself."""
    with postgres.server() as address:
        yield address


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of an empty database on it."""
    with postgres.database(postgres_server) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Place]]:
    """Gives places for libraries, as many as are asked for, on each of the two engines."""
    number = itertools.count()
    with ExitStack() as databases:

        def new() -> Place:
            folder = tmp_path / f"data{next(number) or ''}"
            if request.param == "sqlite":
                return Place(folder)
            return Place(folder, databases.enter_context(postgres.database(request.getfixturevalue("postgres_server"))))

        yield new


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """A place for a library, on each of the two engines."""
    return new_place()
