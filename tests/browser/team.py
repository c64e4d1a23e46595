"""An app that people sign in to, and the provider that knows them, both on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from oidc_provider_mock import User as Account
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import TimeoutError, expect

from tests.browser.conftest import PATIENCE_MS, User
from tests.support.serving import free_port, wait_until_healthy

PROJECT = Path(__file__).resolve().parents[2]
ISSUED_TO = "footnote"


@dataclass(frozen=True, slots=True)
class Team:
    """The app's address and its data folder."""

    address: str
    data: Path


def known(who: str, *, name: str = "", verified: bool = True) -> Account:
    """Somebody whom the provider knows."""
    sub = who.lower()
    return Account(sub=sub, claims={"email": f"{sub}@example.org", "email_verified": verified, "name": name or who})


def write_secrets(file: Path, address: str, provider: str) -> None:
    """What sets sign-in up."""
    file.write_text(
        f"""[auth]
redirect_uri = "{address}/oauth2callback"
cookie_secret = "only for this test, and long enough"
client_id = "{ISSUED_TO}"
client_secret = "only for this test"
server_metadata_url = "{provider}/.well-known/openid-configuration"
""",
        encoding="utf-8",
    )


@contextmanager
def team(folder: Path, *people: Account, **settings: str) -> Iterator[Team]:
    """An app with an empty library, into which these people can sign in."""
    port = free_port()
    address, secrets = f"http://127.0.0.1:{port}", folder / "secrets.toml"
    environment = os.environ | {
        "RAG_DATA_DIR": str(folder / "data"),
        "RAG_SAMPLES": "false",
        "RAG_MODEL": "none",
        "OMP_NUM_THREADS": "1",
        **settings,
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with run_server_in_thread(user_claims=people) as provider:
        write_secrets(secrets, address, f"http://localhost:{provider.server_port}")
        with (folder / "app.log").open("wb") as log:
            app = subprocess.Popen(
                [*command, "--secrets.files", str(secrets)], cwd=PROJECT, env=environment, stdout=log, stderr=log
            )
        try:
            wait_until_healthy(address)
            yield Team(address, folder / "data")
        finally:
            app.terminate()
            app.wait(timeout=30)


def sign_in(person: User, name: str, *, button: str = "Sign in") -> User:
    """Through the provider and back."""
    page = person.page
    # The provider's form names a style sheet elsewhere.
    page.route("**://cdn.jsdelivr.net/**", lambda route: route.abort())
    page.goto(person.app.address)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_test_id("stSidebar").wait_for(state="attached", timeout=PATIENCE_MS)
    person.settle()
    return person


def open_sharing(person: User) -> None:
    """The menu under the name of the collection, on the documents page."""
    person.page.locator("[class*='st-key-sharing-'] button").first.click()


def share(person: User, email: str) -> None:
    """In that menu, let somebody read."""
    person.page.get_by_label("E-mail address").fill(email)
    person.page.get_by_label("E-mail address").press("Tab")
    person.page.get_by_role("button", name="Share", exact=True).last.click()


def withdraw(person: User) -> None:
    """Take the only share back. A page that is still being drawn closes its menus: then once more."""
    share = person.page.get_by_role("button", name="Stop sharing")
    for _ in range(5):
        open_sharing(person)
        with suppress(TimeoutError):
            share.click(timeout=5000)
            break
    expect(person.page.get_by_text("Shared with")).to_have_count(0)
    person.page.keyboard.press("Escape")
