"""G34. Whatever a browser says, nobody changes or sees what they may not, no page falls, and the session goes on.

Two thousand messages that no page of ours would send, by a member and by a stranger: values of another type or size,
of widgets that are not there or another's, ids of others' rows and files, wrong pages and addresses, parts of pages
that are not there, orders to the server, and what is no message at all. They are made of what the pages had said.
The control takes a page that believes them.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from websockets.exceptions import ConnectionClosed

from rag.ui.texts import Texts
from tests.guarantees.apps import Running, quiet, running
from tests.guarantees.forging import PAGES, Forger
from tests.guarantees.library import size
from tests.guarantees.planted import SECRET_WORD, foreign, plant
from tests.guarantees.strangers import Tab, tab, texts_of

MESSAGES = size(160, 2_000)
# Of a fault of ours in words, in both languages: such a message has found one.
UNFORESEEN = [Texts(language)("errors.unexpected", kind="").split("(")[0].split("（")[0] for language in ("en", "zh")]


@dataclass
class Outcome:
    sent: int = 0
    fell: list[str] = field(default_factory=list)
    reopened: int = 0


def _fell(said: list[ForwardMsg]) -> list[str]:
    """What was said that is no page of ours: Streamlit's own words for a script that failed, or ours for a fault."""
    found = []
    for message in said:
        if message.WhichOneof("type") != "delta":
            continue
        words = str(message.delta)
        if message.delta.new_element.WhichOneof("type") == "exception":
            found.append(words[:300])
        decoded = message.delta.new_element.alert.body
        found += [decoded[:300] for each in UNFORESEEN if decoded and each.strip()[:20] in decoded.replace("\\", "")]
    return found


class Attack:
    """Sends forged messages from one tab after the other, each from where the last one left it."""

    def __init__(self, app: Running, who: str, forger: Forger) -> None:
        self.app, self.who, self.forger = app, who, forger
        self.outcome = Outcome()
        self.heard: list[ForwardMsg] = []

    def send(self, count: int) -> None:
        while self.outcome.sent < count:
            with tab(self.app.address, self.who) as mine:
                self._from(mine, count)
                self.heard += mine.heard
            self.outcome.reopened += 1

    def _from(self, mine: Tab, count: int) -> None:
        """Until all are sent, or the server has closed the connection."""
        for page in ("", "documents", "quality") if self.outcome.sent % 20 == 0 else ("documents",):
            self._judge("opening", mine.open(page))
        while self.outcome.sent < count:
            self.outcome.sent += 1
            draw = self.forger.random.random()
            try:
                if draw < 0.05:
                    mine.send(self.forger.noise())
                    mine.rest(2)
                elif draw < 0.2:
                    self._order(mine)
                elif draw < 0.3:
                    message = self.forger.fragment()
                    mine.send(message)
                    mine.rest(0.1)
                    self._judge("a part of a page", mine.open("documents", "lang=zh"))
                elif draw < 0.35:
                    query = self.forger.address()
                    self._judge("an address", mine.open(self.forger.random.choice(PAGES), query))
                else:
                    message = self.forger.rerun()
                    self._judge("values", mine.run(message))
            except ConnectionClosed:
                return
            except TimeoutError:
                self.outcome.fell.append(f"message {self.outcome.sent} was never answered")
                return

    def _order(self, mine: Tab) -> None:
        mine.send(self.forger.order())
        alive = BackMsg()
        alive.app_heartbeat = True
        mine.send(alive)
        while mine.hear(60).WhichOneof("type") != "heartbeat_ack":
            pass

    def _judge(self, what: str, said: list[ForwardMsg]) -> None:
        self.forger.heard.learn(said)
        self.outcome.fell += [f"{what}, message {self.outcome.sent}: {each}" for each in _fell(said)]


def file_of(app: Running, who: str, content: bytes) -> Iterator[str]:
    """Somebody uploads a file and keeps their tab open: the id under which the server has it."""
    with tab(app.address, who) as theirs:
        theirs.open("documents")
        asked = BackMsg()
        asked.file_urls_request.request_id = "1"
        asked.file_urls_request.file_names.append("secret.txt")
        theirs.send(asked)
        while (said := theirs.hear(60)).WhichOneof("type") != "file_urls_response":
            pass
        (place,) = said.file_urls_response.file_urls
        token = generate_xsrf_token_string()
        body = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="secret.txt"\r\n\r\n'
            + content
            + b"\r\n--b--\r\n"
        )
        headers = {
            "Content-Type": "multipart/form-data; boundary=b",
            "X-Xsrftoken": token,
            "Cookie": f"_streamlit_xsrf={token}",
        }
        request = urllib.request.Request(app.address + place.upload_url, body, headers, method="PUT")
        assert urllib.request.urlopen(request).status == 204
        yield place.file_id


def tracebacks(log: Path) -> list[str]:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if "Traceback" in line or line.lstrip().startswith('File "')]


@pytest.mark.slow
def test_g34_nothing_that_a_browser_says_breaks_or_changes_what_it_may_not(tmp_path: Path) -> None:
    planted = plant(tmp_path / "data")
    before = foreign(planted)
    with running(tmp_path, quiet() | {"RAG_SAMPLES": "false", "RAG_ADMINS": "ada@example.org"}, people=True) as app:
        for file in file_of(app, "ann", f"Only Ann knows of the {SECRET_WORD}.".encode()):
            member = Attack(app, "bob", Forger(34, [*planted.ids, file]))
            with tab(app.address, "ann") as hers:
                for page in ("", "documents"):
                    member.forger.heard.learn(hers.open(page))
                member.forger.ids += sorted(member.forger.heard.widgets)[:20]
            member.send(MESSAGES)
            stranger = Attack(app, "", Forger(43, [*planted.ids, file]))
            stranger.forger.heard = member.forger.heard
            stranger.send(MESSAGES // 4)
        after = foreign(planted)
        with tab(app.address, "bob") as his, tab(app.address, "ann") as hers:
            goes_on = "Papers of ann" not in texts_of(his.open("documents")) and "Papers of ann" in texts_of(
                hers.open("documents")
            )
        lines = tracebacks(app.log)
    changed = [name for name in before if before[name] != after[name]]
    seen = [attack.who for attack in (member, stranger) if SECRET_WORD in texts_of(attack.heard)]
    sent = member.outcome.sent + stranger.outcome.sent
    fell = member.outcome.fell + stranger.outcome.fell
    print(
        f"G34: {sent} forged messages, {len(member.forger.heard.widgets)} widgets known, {len(fell)} pages fell, "
        f"{len(lines)} lines of tracebacks in the log, {len(changed)} tables changed without a right, "
        f"{len(seen)} saw what is another's; {member.outcome.reopened + stranger.outcome.reopened} connections"
    )
    assert (fell, lines, changed, seen) == ([], [], [], [])
    assert goes_on
    assert len(member.forger.heard.widgets) >= 20


def test_g34_control_a_page_that_believes_them_is_found_out(tmp_path: Path) -> None:
    planted = plant(tmp_path / "data")
    before = foreign(planted)
    with running(tmp_path, quiet(), "tests/guarantees/believing_app.py", people=True) as app:
        attack = Attack(app, "bob", Forger(34, planted.ids))
        attack.send(60)
        # Their values soon keep its script from running at all; an address of its own does not.
        for key in planted.ids:
            with tab(app.address, "bob") as mine:
                mine.open("", f"lang=en&chat={key}")
        after = foreign(planted)
        lines = tracebacks(app.log)
    changed = [name for name in before if before[name] != after[name]]
    print(
        f"G34 control: of 60 messages to a page that believes them {len(attack.outcome.fell)} pages fell, "
        f"{len(lines)} lines of tracebacks, {len(changed)} tables changed without a right"
    )
    assert attack.outcome.fell
    assert lines
    assert changed
