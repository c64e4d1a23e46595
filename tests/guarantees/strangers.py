"""People who are signed in without a provider: tabs whose cookie is signed with the secret that the app was given."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from rag.core.types import SignIn

SECRET = "only for this test, and long enough"
ISSUER = "https://id.example.org"
PATIENCE = 60.0


def write_secrets(file: Path, address: str) -> None:
    """What sets sign-in up. Nobody goes by the provider that it names."""
    file.write_text(
        f'[auth]\nredirect_uri = "{address}/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "footnote"\n'
        f'client_secret = "x"\nserver_metadata_url = "{ISSUER}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )


def claims(who: str, nonce: str = "n") -> dict[str, object]:
    """What the provider says of somebody; each nonce is another sign-in."""
    return {
        "iss": ISSUER,
        "sub": who,
        "iat": _SIGNED_IN,
        "nonce": nonce,
        "email": f"{who}@example.org",
        "email_verified": True,
        "name": who.capitalize(),
    }


_SIGNED_IN = int(time.time())


def signed_in(who: str, nonce: str = "n") -> SignIn:
    """The same sign-in as `rag.ui.authentication` knows it, to write somebody down before they come."""
    import hashlib

    key = json.dumps([ISSUER, who, _SIGNED_IN, nonce])
    digest = hashlib.sha256(key.encode()).hexdigest()
    return SignIn(ISSUER, who, f"{who}@example.org", who.capitalize(), digest, float(_SIGNED_IN))


class Tab:
    """One tab, which says what it likes and hears all that is said."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[ForwardMsg] = []

    def send(self, message: BackMsg | bytes | str) -> None:
        self.socket.send(message.SerializeToString() if isinstance(message, BackMsg) else message)

    def run(self, message: BackMsg) -> list[ForwardMsg]:
        """Have a script run and wait for its end; what was said until then."""
        self.send(message)
        return self.until_done()

    def open(self, page: str = "", query: str = "lang=en") -> list[ForwardMsg]:
        """As a browser opens a page."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, query
        return self.run(message)

    def until_done(self, patience: float = PATIENCE) -> list[ForwardMsg]:
        """What is said until a script has run to its end.

        Raises:
            TimeoutError: none does.
            ConnectionClosed: the server has closed the connection.
        """
        said: list[ForwardMsg] = []
        deadline = time.monotonic() + patience
        while True:
            message = self.hear(max(0.0, deadline - time.monotonic()))
            said.append(message)
            if (
                message.WhichOneof("type") == "script_finished"
                and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return said

    def hear(self, patience: float) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(self.socket.recv(timeout=patience))
        self.heard.append(message)
        return message

    def rest(self, seconds: float) -> list[ForwardMsg]:
        """What is said within so many seconds."""
        said: list[ForwardMsg] = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                said.append(self.hear(left))
            except TimeoutError:
                break
        return said

    @property
    def closed(self) -> bool:
        try:
            self.socket.ping()
        except ConnectionClosed:
            return True
        return False


@contextmanager
def tab(address: str, who: str = "", nonce: str = "n") -> Iterator[Tab]:
    """A tab on the app at `address`, of somebody who is signed in, or of a stranger."""
    place = address.replace("http", "ws", 1) + "/_stcore/stream"
    headers: dict[str, str] = {}
    protocols = [Subprotocol("streamlit")]
    if who:
        token = generate_xsrf_token_string()
        told = json.dumps({"origin": address, "is_logged_in": True, **claims(who, nonce)})
        signed = create_signed_value(SECRET, USER_COOKIE_NAME, told).decode()
        headers["Cookie"] = f"{USER_COOKIE_NAME}={signed}; {XSRF_COOKIE_NAME}={token}"
        protocols.append(Subprotocol(token))
    with connect(
        place,
        subprotocols=protocols,
        origin=Origin(address),
        additional_headers=headers,
        max_size=None,
        open_timeout=PATIENCE,
        ping_interval=None,
    ) as socket:
        yield Tab(socket)


def texts_of(said: list[ForwardMsg]) -> str:
    """All that was said, as text to look for words in."""
    return "\n".join(str(message.delta) for message in said if message.WhichOneof("type") == "delta")
