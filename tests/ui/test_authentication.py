"""The door: whom the pages let in, and what is shown to everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from rag.core.errors import SignInUnusable
from rag.core.settings import Settings
from rag.core.types import SignIn
from rag.library.samples import SAMPLES_NAME, share_samples
from rag.library.store import Store
from rag.ui import authentication

PROJECT = Path(__file__).resolve().parents[2]
# Each page begins with the same frame; tests/test_architecture.py holds that.
PAGES = ["chat.py", "pages/people.py"]
REFUSED = "Footnote can be reached from other computers"
AUTH = {"redirect_uri": "http://127.0.0.1/oauth2callback", "cookie_secret": "x" * 20, "client_id": "footnote"}


class Told(dict[str, object]):
    """What the provider said, as `st.user` has it."""

    def to_dict(self) -> dict[str, object]:
        return dict(self)


@pytest.fixture
def address() -> Iterator[None]:
    """What a test binds the app to is taken back."""
    before = config.get_option("server.address")
    yield
    config.set_option("server.address", before)


def opened(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **secrets: object) -> AppTest:
    monkeypatch.setenv("RAG_DATA_DIR", str(folder / "data"))
    app = AppTest.from_file(str(PROJECT / page))
    app.query_params["lang"] = "en"
    if secrets:
        app.secrets.update(secrets)
        monkeypatch.setattr(st, "user", Told(is_logged_in=False))
    return app.run(timeout=30)


def shown(app: AppTest) -> list[str]:
    """The kinds of what is on the page, but for its style sheet."""
    there = [element for element in (*app.main, *app.sidebar) if not isinstance(element, Block)]
    return [element.type for element in there if element.type != "html"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("address")
def test_bound_elsewhere_every_page_is_one_sentence(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.set_option("server.address", "0.0.0.0")
    app = opened(page, tmp_path, monkeypatch)
    assert [error.value[: len(REFUSED)] for error in app.error] == [REFUSED]
    assert shown(app) == ["error"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("address_given", "told", "people", "refused"),
    [
        ("127.0.0.1", False, False, False),
        ("localhost", False, False, False),
        ("::1", False, False, False),
        ("0.0.0.0", False, False, True),
        ("192.0.2.7", False, False, True),
        # Unset, Streamlit binds every interface: that is no choice.
        (None, False, False, True),
        (None, True, False, True),
        ("0.0.0.0", True, False, False),
        # A library that people sign in to is not opened because the sign-in went missing.
        ("127.0.0.1", False, True, True),
        ("127.0.0.1", True, True, False),
    ],
)
@pytest.mark.usefixtures("address")
def test_without_sign_in_others_come_in_only_where_that_was_said_twice(
    address_given: str | None, told: bool, people: bool, refused: bool
) -> None:
    config.set_option("server.address", address_given)
    settings = Settings(open_without_sign_in=told, _env_file=None)
    assert authentication.open_too_far(settings, has_people=people) is refused


def test_a_team_s_library_is_not_opened_without_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(tmp_path / "data")
    store.people.admit(SignIn("https://id.example.org", "ann", "", "Ann", "key", None), hours=12)
    store.close()
    monkeypatch.setattr("rag.services.Services.start", lambda self: None)
    app = opened("chat.py", tmp_path, monkeypatch)
    assert [error.value[:39] for error in app.error] == ["People have signed in to this library b"]
    assert shown(app) == ["error"]


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_finds_the_way_to_sign_in_and_nothing_else(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(page, tmp_path, monkeypatch, auth=AUTH)
    assert [button.label for button in app.button] == ["Sign in"]
    assert shown(app) == ["button", "button_group"]
    assert not (tmp_path / "data").exists()


def test_each_provider_has_a_button(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {name: {"client_id": "footnote"} for name in ("okta", "**acme**")}
    shared = {"redirect_uri": AUTH["redirect_uri"], "cookie_secret": AUTH["cookie_secret"]}
    app = opened("chat.py", tmp_path, monkeypatch, auth=shared | named)
    assert [button.label for button in app.button] == ["Sign in with okta", r"Sign in with \*\*acme\*\*"]


def test_a_sign_in_that_lacks_settings_says_so_and_names_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = opened("chat.py", tmp_path, monkeypatch, auth=AUTH)
    app.button[0].click().run()
    assert app.error[0].value.startswith("Sign\\-in is not set up")
    assert AUTH["cookie_secret"] not in caplog.text


def test_a_secrets_file_that_cannot_be_read_closes_the_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "secrets.toml"
    broken.write_text("[auth\n")
    monkeypatch.setattr(st, "get_option", {"secrets.files": [str(broken)], "server.address": "127.0.0.1"}.get)
    app = opened("chat.py", tmp_path, monkeypatch)
    assert app.error[0].value.startswith("Sign\\-in is not set up")
    assert not (tmp_path / "data").exists()


def test_a_secrets_file_with_tokens_alone_leaves_the_one_user_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = tmp_path / "secrets.toml"
    tokens.write_text('HF_TOKEN = "hf_one"\n')
    monkeypatch.setattr(st, "get_option", {"secrets.files": [str(tokens)], "server.address": "127.0.0.1"}.get)
    app = opened("chat.py", tmp_path, monkeypatch)
    assert not app.error
    assert app.title[0].value == "Ask your documents"


CLAIMS = {
    "is_logged_in": True,
    "iss": "https://id.example.org",
    "sub": "ann",
    "iat": 1_700_000_000,
    "nonce": "n",
    "email": "ann@example.org",
    "email_verified": True,
    "name": "Ann",
}


def knocked(monkeypatch: pytest.MonkeyPatch, settings: Settings | None = None, **claims: object) -> SignIn | None:
    monkeypatch.setattr(st, "user", Told(CLAIMS | claims))
    return authentication.require_sign_in(settings or Settings(_env_file=None))


def test_a_sign_in_is_known_by_its_token_and_a_person_by_issuer_and_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    first = knocked(monkeypatch)
    assert first is not None
    assert (first.issuer, first.subject, first.began) == ("https://id.example.org", "ann", 1_700_000_000.0)
    assert knocked(monkeypatch) == first
    assert {first.key} != {getattr(knocked(monkeypatch, nonce="m"), "key", "")}
    assert knocked(monkeypatch, is_logged_in=False) is None
    assert knocked(monkeypatch, is_logged_in="yes") is None


@pytest.mark.parametrize("claims", [{"sub": None}, {"sub": ""}, {"iss": None}, {"sub": 7}])
def test_who_is_not_named_is_not_let_in(claims: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SignInUnusable):
        knocked(monkeypatch, None, **claims)


@pytest.mark.parametrize(
    ("said", "trusted", "email"),
    [
        (True, False, "ann@example.org"),
        ("true", False, "ann@example.org"),
        (False, False, ""),
        (False, True, ""),
        (None, False, ""),
        (None, True, "ann@example.org"),
    ],
)
def test_an_address_counts_when_it_is_verified(
    said: object, trusted: bool, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = knocked(monkeypatch, Settings(trust_emails=trusted, _env_file=None), email_verified=said)
    assert given is not None
    assert given.email == email


def test_the_samples_are_everybodys_to_read_where_people_sign_in(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    samples = store.collections.create("local", SAMPLES_NAME, samples=True)
    ann = store.people.admit(SignIn("https://id.example.org", "ann", "", "Ann", "key", None), hours=12)
    assert store.shares.right(ann.id, samples.id) is None
    share_samples(store, "local")
    share_samples(store, "local")
    assert store.shares.right(ann.id, samples.id) == "reader"
