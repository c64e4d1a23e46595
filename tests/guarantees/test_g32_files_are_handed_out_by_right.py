"""G32. Files are handed out by us, with rights looked at each time: whoever asks for an original, a picture or an
answer gets just theirs, and a stranger gets what everybody gets for what does not exist.

The real app, people with cookies that Streamlit would have signed, and a server without sign-in beside it. The control
for the files is the store that Streamlit keeps downloads in: it takes two people's files for one. The control for the
strangers is a route that forgets to look at the sign-in.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.runtime.memory_media_file_storage import _calculate_file_id
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from rag.core.errors import SignInEnded
from rag.core.settings import Settings
from rag.core.types import Answer, Chat, Document, Person, Quote, SignIn, Turn
from rag.library.store import Store
from rag.ui import authentication, file_addresses, file_routes
from rag.ui.page_frame import Frame
from rag.ui.texts import Texts
from tests.browser.making import pdf
from tests.browser.team import write_secrets
from tests.guarantees.apps import OWNER, quiet, running
from tests.guarantees.library import size
from tests.support import panel_addresses
from tests.support.serving import free_port
from tests.ui.test_file_routes import asked, put

PAIRS = size(3, 30)
ROUNDS = size(40, 1000)
FORGED = size(60, 2000)
BYTES = 1_200_000
ISSUER = "https://id.example.org"
HERE = "http://127.0.0.1:1"
# What an answer of the app's own pages looks like to a browser.
SAME = {"Sec_Fetch_Site": "same-origin"}

Reply = tuple[int, tuple[tuple[str, str], ...], bytes]


def claims(who: str, *, began: float, nonce: str = "n", padding: int = 0) -> dict[str, Any]:
    """What the provider says of somebody, as Streamlit puts it into its cookie."""
    said = {"iss": ISSUER, "sub": who, "iat": int(began), "nonce": nonce, "name": who}
    # Of many groups: such that no packing makes it short.
    said["groups"] = random.Random(who).randbytes(padding).hex()
    said |= {"email": f"{who}@example.org", "email_verified": True}
    return said | {"origin": HERE, "is_logged_in": True}


def cookie(secret: str, said: dict[str, Any]) -> str:
    """Streamlit's signed cookie, cut into several where it is too long for one."""
    parts: dict[str, str] = {}

    def sign(name: str, value: str) -> bytes:
        return create_signed_value(secret, name, value)

    def keep(name: str, value: str) -> None:
        parts[name] = sign(name, value).decode()

    set_cookie_with_chunks(keep, sign, USER_COOKIE_NAME, said, cookie_attr_size=100)
    return "; ".join(f"{name}={value}" for name, value in parts.items())


@dataclass
class Site:
    """An app to which people sign in, with its library at hand."""

    address: str
    store: Store
    secret: str

    def admit(self, said: dict[str, Any]) -> Person:
        """As a page does when somebody comes in."""
        given = authentication.sign_in_of(said, Settings(_env_file=None))
        assert given is not None
        return self.store.people.admit(given, hours=12)

    def get(self, path: str, cookies: str = "", **headers: str) -> Reply:
        """What is sent back, but for the time of day."""
        given = {**SAME, **({"Cookie": cookies} if cookies else {}), **headers}
        status, heads, body = asked(self.address + path, **given)
        return status, tuple(sorted((k.lower(), v) for k, v in heads.items() if k.lower() != "date")), body


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("team")
    secrets = folder / "secrets.toml"
    # Nobody goes through the provider here: it need not be there.
    write_secrets(secrets, HERE, f"http://127.0.0.1:{free_port()}")
    environment = quiet() | {"RAG_SAMPLES": "false", "RAG_READER": "elsewhere", "STREAMLIT_SECRETS_FILES": str(secrets)}
    with running(folder, environment) as app, closing(Store.open(app.data)) as store:
        yield Site(app.address, store, "only for this test, and long enough")


@dataclass
class Owned:
    """What somebody has: a collection with a document, a chat with an answer; and their cookie."""

    person: Person
    said: dict[str, Any]
    cookies: str
    collection: str
    document: Document
    chat: Chat
    turn: Turn
    data: bytes

    def doors(self) -> list[str]:
        addresses = [
            file_addresses.original_address(self.document),
            file_addresses.picture_address(self.document, 1, [(0, 4)]),
            panel_addresses.view_address(self.document, 1),
            panel_addresses.find_address(self.document) + "?words=plan",
        ]
        answers = [
            file_addresses.answer_address(self.turn, Texts("en")),
            panel_addresses.citation_address(self.turn, 1),
        ]
        chat = file_addresses.chat_address(self.chat, Texts("en")) + "&form=md"
        return [*addresses, *answers, chat, f"/files/misses/{self.collection}?lang=en"]


def somebody(site: Site, who: str, data: bytes, *, name: str = "plan.pdf", padding: int = 0) -> Owned:
    said = claims(who, began=time.time(), nonce=f"of {who}", padding=padding)
    person = site.admit(said)
    collection = site.store.collections.create(person.id, f"Plans of {who}").id
    document = put(site.store, collection, name, data, owner=person.id)
    chat = site.store.chats.create(person.id, collection)
    turn = site.store.chats.ask(person.id, chat.id, f"Asked by {who}?")
    quoted = Quote(document.id, name, "", "pdf", None, 1, "1", "", "Plan", 0, 4, 1.0)
    site.store.chats.answer(person.id, turn.id, Answer("q", "q", f"Got by {who}", "answered", "m", quotes=(quoted,)))
    return Owned(person, said, cookie(site.secret, said), collection, document, chat, turn, data)


def alike(number: int) -> tuple[bytes, bytes]:
    """Two PDFs of the same length that differ by a figure, where nobody samples."""
    head, tail = pdf(f"Contract {number}"), b"%" * BYTES
    one, other = (f"\n% salary {number + add:09d}\n".encode() for add in (1000, 9000))
    return head + tail[:200_000] + one + tail[200_000:], head + tail[:200_000] + other + tail[200_000:]


def test_g32_two_people_each_get_their_own(site: Site) -> None:
    own = foreign = taken_for_one = 0
    for number in range(PAIRS):
        first, second = alike(number)
        assert (len(first), first == second) == (len(second), False)
        taken_for_one += len({_calculate_file_id(data, "application/pdf", "plan.pdf") for data in (first, second)}) == 1
        # A cookie that is cut into parts, and one that is not.
        pair = somebody(site, f"ann{number}", first), somebody(site, f"bob{number}", second, padding=9000)
        assert ["_streamlit_user_1" in each.cookies for each in pair] == [False, True]
        for each, other in (pair, pair[::-1]):
            got = [site.get(door, each.cookies) for door in each.doors()]
            own += [status for status, _, _ in got] == [200] * 8 and got[0][2] == each.data
            assert f"Got by {each.person.name}".encode() in got[4][2]
            foreign += sum(site.get(door, each.cookies)[0] != 404 for door in other.doors())
    print(f"G32: {2 * PAIRS} files of {BYTES} bytes and more, alike in length and samples: {own} people got theirs")
    print(f"G32: {16 * PAIRS} doors of the other tried by those who are signed in, {foreign} opened")
    print(f"G32 control: a store that goes by samples takes {taken_for_one} of {PAIRS} pairs for one file")
    assert (own, foreign, taken_for_one) == (2 * PAIRS, 0, PAIRS)


def test_g32_a_stranger_gets_what_everybody_gets_for_what_does_not_exist(site: Site) -> None:
    owned = somebody(site, "carol", pdf("Plan"))
    other = somebody(site, "dora", pdf("Other"))
    strangers = strange(site, owned, other)
    ids = re.compile("|".join((owned.document.id, owned.chat.id, owned.turn.id, owned.collection)))
    nowhere = [ids.sub("0" * 32, door) for door in owned.doors()]
    expected = {site.get(door, other.cookies) for door in nowhere}
    assert len(expected) == 1
    wrong = [
        f"{who} at {door}"
        for who, (cookies, heads) in strangers.items()
        for door in owned.doors()
        if site.get(door, cookies, **heads) not in expected
    ]
    # All of them after the first look, so that what is refused is not what was never there.
    assert [site.get(door, owned.cookies)[0] for door in owned.doors()] == [200] * 8
    print(f"G32: {len(strangers)} kinds of strangers at {len(nowhere)} doors, {len(wrong)} told from what is not there")
    assert wrong == []


def strange(site: Site, owned: Owned, other: Owned) -> dict[str, tuple[str, dict[str, str]]]:
    """By what they are: cookies and heads of those who must not get in."""
    said, cut = owned.said, cookie(site.secret, claims("carol", began=time.time(), nonce="of carol", padding=9000))
    ended = claims("carol", began=time.time(), nonce="ended")
    site.store.people.sign_out(site.admit(ended).id, sign_in_key(ended))
    old = claims("carol", began=time.time() - 13 * 3600, nonce="old")
    with pytest.raises(SignInEnded):
        site.admit(old)
    out = somebody(site, "mallory", pdf("Mine"))
    site.store.shares.give(owned.person.id, owned.collection, "everybody", "", "reader")
    # A share with everybody does not open what is somebody's chat; it is taken back below.
    assert site.get(owned.doors()[0], out.cookies)[0] == 200
    site.store.shares.withdraw(owned.person.id, owned.collection, "everybody", "")
    shut_out(site, out)
    good = owned.cookies
    name, _, value = good.partition("=")
    cookies = {
        "nobody": "",
        "somebody else": other.cookies,
        "somebody whose share was taken back, and who was shut out": out.cookies,
        "a sign-in that was ended": cookie(site.secret, ended),
        "a sign-in that is too old": cookie(site.secret, old),
        "a sign-in that no page has seen": cookie(site.secret, said | {"nonce": "new"}),
        "a cookie of another secret": cookie("another secret, and as long as it", said),
        "a cookie of another app": cookie(site.secret, said | {"origin": "https://elsewhere.example"}),
        "a cookie that says it is none": cookie(site.secret, said | {"is_logged_in": False}),
        "a cookie without a subject": cookie(site.secret, said | {"sub": ""}),
        "a cookie that is no object": f"{name}={create_signed_value(site.secret, name, '[1]').decode()}",
        "a cookie that is no JSON": f"{name}={create_signed_value(site.secret, name, '{').decode()}",
        "a cookie that lacks a part": cut.rpartition("; ")[0],
        "a cookie for another name": f"{name}={create_signed_value(site.secret, 'x', json.dumps(said)).decode()}",
        "a cookie with a letter changed": f"{name}={value[:9]}{'A' if value[9] != 'A' else 'B'}{value[10:]}",
        "an empty cookie": f"{name}=",
    }
    found: dict[str, tuple[str, dict[str, str]]] = {who: (given, {}) for who, given in cookies.items()}
    for said_by_browser in ("cross-site", "same-site", "whatever"):
        found[f"a page that is {said_by_browser}"] = (good, {"Sec_Fetch_Site": said_by_browser})
    return found


def sign_in_key(said: dict[str, Any]) -> str:
    given = authentication.sign_in_of(said, Settings(_env_file=None))
    assert given is not None
    return given.key


def shut_out(site: Site, owned: Owned) -> None:
    given = SignIn(ISSUER, "admin", "admin@example.org", "admin", "admin", time.time())
    admin = site.store.people.admit(given, hours=12, admins=["admin@example.org"])
    site.store.people.disable(admin.id, owned.person.id)


def test_g32_rights_are_looked_at_each_time(site: Site) -> None:
    """Shares come and go, sign-ins end and begin; each request is as the library is at that moment."""
    owned, reader = somebody(site, "erin", pdf("Plan")), somebody(site, "finn", pdf("Finn's"))
    chance, shared, inside, wrong = random.Random(32), False, True, Counter[str]()
    for _ in range(ROUNDS):
        match chance.choice(["share", "session", "look", "look"]):
            case "share" if shared:
                site.store.shares.withdraw(owned.person.id, owned.collection, "person", reader.person.id)
                shared = False
            case "share":
                site.store.shares.give(owned.person.id, owned.collection, "person", "finn@example.org", "reader")
                shared = True
            case "session" if inside:
                site.store.people.sign_out(reader.person.id, sign_in_key(reader.said))
                inside = False
            case "session":
                reader.said |= {"nonce": chance.randbytes(8).hex()}
                site.admit(reader.said)
                reader.cookies, inside = cookie(site.secret, reader.said), True
        *files, answer, citation, chat, missed = (site.get(door, reader.cookies)[0] for door in owned.doors())
        may = 200 if shared and inside else 404
        wrong["files"] += [*files, missed] != [may] * 5
        wrong["answers of another"] += (answer, citation, chat) != (404, 404, 404)
        wrong["own files"] += site.get(reader.doors()[0], reader.cookies)[0] != (200 if inside else 404)
    print(f"G32: {ROUNDS} shares, ended sign-ins and looks, {wrong.total()} requests answered by what was true before")
    assert wrong.total() == 0


def forged(owned: Owned, chance: random.Random) -> str:
    """An address that names something in a way that no page of ours would."""
    key, turn, number = owned.document.id, owned.turn.id, chance.randrange(10**6)
    odd = chance.choice(
        [
            f"{number:032x}", key[:-1], key + "0", key.upper(), f"%20{key}", f"{key}%00", f"{key}%0a", f"{key}\\..\\x",
            f"%2e%2e%2f{key}", f"..%2f..%2f{number}", "....//....//library.sqlite3", quote("/etc/passwd", safe=""),
            quote("文件"), f"{key}%2foriginal", f"'%20OR%201=1--{number}", owned.document.sha256, turn, "%ff%fe", "",
        ]
    )  # fmt: skip
    shape = chance.choice(
        [
            "documents/{}/original", "documents/{}/pages/1", "answers/{}", "documents/{}", "{}",
            "documents/{}/original/", "documents/{}/pages/../original", "documents/{}/pages/-1",
            "documents/{}/pages/" + "9" * number.bit_length(), "answers/{}?lang=../../en",
            "documents/{}/pages/1?marked=" + "9" * 30 + "-1", "documents/{}/original?owner=" + key,
            "documents/{}/view/1", "documents/{}/find?words=Plan", "answers/{}/footnotes/1",
            "chats/{}", "chats/{}?form=docx", "chats/{}?form=../html",
        ]
    )  # fmt: skip
    return "/files/" + shape.format(odd)


def test_g32_forged_addresses_open_nothing(site: Site) -> None:
    """By somebody who is signed in, of another's: no way of writing an id makes it theirs."""
    owned, other = somebody(site, "gina", pdf("Plan of Gina")), somebody(site, "hugo", pdf("Hugo's"))
    chance, answers = random.Random(8), Counter[int]()
    leaked = 0
    for _ in range(FORGED):
        status, heads, body = site.get(forged(owned, chance), other.cookies)
        if status == 307:
            # Starlette's own, to the same path without its last slash; never to another host.
            location = dict(heads)["location"]
            assert location.startswith(f"{site.address}/")
            status, heads, body = site.get(location.removeprefix(site.address), other.cookies)
        answers[status] += 1
        leaked += owned.data in body or b"Got by gina" in body or b"SQLite" in body or body[:4] in (b"\x89PNG", b"%PDF")
    print(f"G32: {FORGED} forged addresses, {leaked} opened something, {answers[500]} faults; answered {dict(answers)}")
    # 400 is Streamlit's own, for paths that lead out of a folder. Nothing is ever 200, and nothing fails.
    assert (leaked, set(answers) - {400, 404}) == (0, set())


def test_g32_without_sign_in_only_this_machine_under_its_own_name(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path / "data")) as store:
        document = put(store, store.collections.create(OWNER, "mine").id, "plan.pdf", pdf("Plan"))
    path = file_addresses.original_address(document)
    environment = quiet() | {"RAG_SAMPLES": "false", "RAG_READER": "elsewhere"}
    with running(tmp_path, environment) as app:
        port = app.address.rpartition(":")[2]
        own = [{}, {"Host": f"localhost:{port}"}, {"Host": "[::1]"}, SAME, {"Sec_Fetch_Site": "none"}]
        strange = [{"Host": host} for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "")]
        strange += [{"Sec_Fetch_Site": value} for value in ("cross-site", "same-site")]
        strange += [{"X_Forwarded_For": "203.0.113.7"}, {"X_Forwarded_For": "127.0.0.1, 203.0.113.7"}]
        opened = [asked(app.address + path, **heads)[0] for heads in own]
        missing = asked(f"{app.address}/files/documents/{'0' * 32}/original")
        refused = [asked(app.address + path, **heads) for heads in strange]
        heads = asked(app.address + path)[1]
        # The pages would read everything aloud: they are not opened by another name either.
        pages = [over_websocket(app.address, host) for host in (f"127.0.0.1:{port}", f"evil.example:{port}")]
        shown = [asked(f"{app.address}/", Host=host)[0] for host in (f"localhost:{port}", f"evil.example:{port}")]
    told = sum((status, body) != (missing[0], missing[2]) for status, _, body in refused)
    print(
        f"G32: without sign-in {len(own)} own ways in, {opened.count(200)} served; {len(strange)} strange, {told} told"
    )
    assert (opened, missing[0], told) == ([200] * len(own), 404, 0)
    assert (pages, shown) == ([101, 403], [200, 403])
    assert heads["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "sandbox" in heads["Content-Security-Policy"]


def test_g32_control_pages_alone_are_opened_by_any_name(tmp_path: Path) -> None:
    with running(tmp_path, quiet(), "tests/guarantees/careless_app.py") as app:
        answered = over_websocket(app.address, "evil.example")
    print(f"G32 control: an app that does not look at the name answers {answered} to a page under another one")
    assert answered == 101


def over_websocket(address: str, host: str) -> int:
    """What is answered to a page's script that opens a websocket, from the origin that its name makes it."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13", "Host": host}
    upgrade |= {"Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": f"http://{host}"}
    with closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)) as connection:
        heads = {name.replace("_", "-"): value for name, value in upgrade.items()}
        connection.request("GET", "/_stcore/stream", headers=heads)
        return connection.getresponse().status


def test_g32_control_a_route_that_forgets_the_sign_in_is_found_out(tmp_path: Path) -> None:
    """The same doors, with a lookup that takes whoever asks for the owner."""
    with closing(Store.open(tmp_path)) as store:
        said = claims("ivan", began=time.time())
        given = authentication.sign_in_of(said, Settings(_env_file=None))
        assert given is not None
        person = store.people.admit(given, hours=12)
        collection = store.collections.create(person.id, "Plans").id
        document = put(store, collection, "plan.pdf", pdf("Plan"), owner=person.id)

        class Services:
            def __init__(self) -> None:
                self.store, self.settings = store, Settings(_env_file=None)

        careful: Callable[[Request], Frame] = lambda _: Frame(Services(), Texts("en"), person, given)  # type: ignore[arg-type]  # noqa: E731

        def careless(request: Request) -> Frame:
            page = careful(request)
            return _Forgetful(page.services, page.texts, page.person, page.sign_in)

        store.people.sign_out(person.id, given.key)
        opened = {}
        for name, find in (("careful", careful), ("careless", careless)):
            browser = TestClient(Starlette(routes=file_routes.routes(find)))
            doors = [file_addresses.original_address(document), file_addresses.picture_address(document, 1, [])]
            opened[name] = sum(browser.get(path).status_code == 200 for path in doors)
    print(f"G32 control: after the sign-in ended, {opened['careless']} doors of a careless route opened")
    assert opened == {"careful": 0, "careless": 2}


class _Forgetful(Frame):
    """Asks once who somebody is, and never again."""

    @property
    def owner(self) -> str:
        assert self.person is not None
        return self.person.id


def test_g32_no_file_goes_through_the_media_store() -> None:
    project = Path(__file__).resolve().parents[2]
    texts = [*project.glob("rag/**/*.py"), *project.glob("pages/*.py"), *project.glob("*.py")]
    calls = ("download_button", "st.image", "st.audio", "st.video", "st.pdf", "media_file_mgr")
    found = [f"{file.name}: {call}" for file in texts for call in calls if call in file.read_text(encoding="utf-8")]
    print(f"G32: {len(texts)} files of the program, {len(found)} of them hand something to the media store")
    assert found == []
