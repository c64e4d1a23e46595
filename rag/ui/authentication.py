"""The door: who is in front of the page, and whether they come in.

Sign-in is Streamlit's own, set up in `.streamlit/secrets.toml`. Where it is not set up there is one local user,
and the app keeps to this machine. Whatever is in doubt is answered with a closed door.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section
from streamlit.errors import Error as StreamlitError

from rag.core.errors import SignInEnded, SignInError, SignInUnusable
from rag.core.settings import Settings
from rag.core.types import SignIn
from rag.network.ssrf import is_loopback
from rag.ui.safe_views import draw_brand, label
from rag.ui.texts import Texts

_NAME_CHARACTERS: Final = 120

_log = logging.getLogger(__name__)


def has_sign_in() -> bool:
    """Whether sign-in is configured, as a page's session sees it.

    Raises:
        SignInUnusable: there is a file that should configure it, and does not.
    """
    return _configured("is_logged_in" in st.user)


def server_has_sign_in() -> bool:
    """As `has_sign_in`, for requests outside of any page's session."""
    return _configured(bool(get_secrets_auth_section()))


def _configured(known_to_streamlit: bool) -> bool:
    if known_to_streamlit:
        return True
    if any(map(_means_sign_in, st.get_option("secrets.files"))):
        _log.error("a secrets file is there, and its [auth] cannot be used: nobody is let in")
        raise SignInUnusable
    return False


def _means_sign_in(file: str) -> bool:
    """Whether a secrets file should set sign-in up: it has an `[auth]`, or nobody can tell. Tokens alone do not."""
    try:
        return "auth" in tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True


def open_too_far(current: Settings, *, has_people: bool = False) -> bool:
    """Whether, without sign-in, others than the one user of this machine could come in, and nobody said they may.

    Args:
        has_people: the library is one that people have signed in to.
    """
    address: str | None = st.get_option("server.address")
    if current.open_without_sign_in:
        # Told twice: by this setting, and by an address that somebody chose.
        return not address
    return has_people or not is_loopback(address or "")


def require_sign_in(current: Settings) -> SignIn | None:
    """What the provider said of whoever is in front of the page; None where nobody has signed in.

    Raises:
        SignInUnusable: it did not say who it is.
    """
    return sign_in_of(st.user.to_dict(), current)


def sign_in_of(claims: Mapping[str, Any], current: Settings) -> SignIn | None:
    """What a provider's claims say, as `require_sign_in`."""
    if claims.get("is_logged_in") is not True:
        return None
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        _log.error("the provider names no issuer or no subject")
        raise SignInUnusable
    began = claims.get("iat")
    key = json.dumps([issuer, subject, began, claims.get("nonce")])
    return SignIn(
        issuer,
        subject,
        _verified_email(claims, trusted=current.trust_emails),
        str(claims.get("name") or claims.get("preferred_username") or "")[:_NAME_CHARACTERS],
        hashlib.sha256(key.encode()).hexdigest(),
        float(began) if isinstance(began, int | float) else None,
    )


def draw_refusal(texts: Texts, *, has_people: bool = False) -> None:
    """Where nobody can sign in and others could come in: one plain sentence and nothing else."""
    st.error(label(texts("door.people_without_sign_in" if has_people else "door.open_too_far")))


def draw_sign_in(texts: Texts, error: SignInError | None = None) -> None:
    """All that is shown to somebody who has not come in."""
    with st.container(horizontal_alignment="center", gap="medium", key="door"):
        draw_brand(texts("app.tagline"))
        if error is not None:
            (st.info if isinstance(error, SignInEnded) else st.error)(label(texts.failure(error.failure())))
        if error is None or isinstance(error, SignInEnded):
            for provider in _providers():
                said = texts("door.sign_in_with", provider=provider) if provider else texts("door.sign_in")
                if st.button(label(said), key=f"sign-in-{provider}", type="primary", icon=":material/login:"):
                    _begin(provider, texts)
        elif st.user.get("is_logged_in") is True and st.button(texts("door.sign_out"), icon=":material/logout:"):
            st.logout()


def _begin(provider: str, texts: Texts) -> None:
    try:
        st.login(provider or None)
    except StreamlitError as error:
        # It names missing keys and never their values.
        _log.error("sign-in is not set up as it has to be: %s", error)
        st.error(label(texts.failure(SignInUnusable().failure())))


def _providers() -> list[str]:
    """The providers in `[auth]`: those with a table of their own, by name; "" for the one without."""
    chosen: Mapping[str, Any] = st.secrets.get("auth", {})
    named = [name for name, value in chosen.items() if isinstance(value, Mapping) and "client_id" in value]
    return [*([""] if "client_id" in chosen else []), *named] or [""]


def _verified_email(claims: Mapping[str, Any], *, trusted: bool) -> str:
    verified, email = claims.get("email_verified"), claims.get("email")
    sure = verified in (True, "true") or (trusted and verified is None)
    return email.strip() if sure and isinstance(email, str) else ""
