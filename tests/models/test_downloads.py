"""Models come from a hub on loopback: whole, cut and resumed, wrong, too large, cancelled, slow, silent."""

from __future__ import annotations

import errno
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.core.errors import (
    AddressForbidden,
    Cancelled,
    DownloadFailed,
    DownloadRunning,
    LicenceNotAccepted,
    ModelDenied,
    ModelNotAtSource,
    ModelRefused,
    NoRoomForModel,
    SettingsInvalid,
)
from rag.models.catalogue import choose, known, locate
from rag.models.catalogue.checksums import read_record
from rag.models.catalogue.downloads import pull
from rag.models.catalogue.models_folder import described
from rag.models.catalogue.sources import HUB, Source, source_for
from rag.models.catalogue.transfers import Progress
from tests.support.hub import LLAMA, LLAMA_FILE, PIECE, WEIGHTS, Hub, hub_serving, slowly
from tests.support.serving import Reply, serving

NAME = "llama-2-7b-chat"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_serving() as running:
        yield running


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.models.catalogue.downloads._PAUSE", 0.01)


def get(
    hub: Hub,
    folder: Path,
    name: str = NAME,
    *,
    source: Source | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    model = described(name)
    assert model is not None
    return pull(model, folder, source or hub.source(), accepted=True, on_progress=on_progress, cancelled=cancelled)


def files_in(folder: Path) -> list[str]:
    """Every file there, except the empty ones that hold a lock."""
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.suffix != ".lock")


# Whole


def test_a_model_comes_whole_is_found_by_name_and_its_hash_is_written_down(hub: Hub, tmp_path: Path) -> None:
    heard: list[Progress] = []
    place = get(hub, tmp_path, on_progress=heard.append)
    assert place == tmp_path / LLAMA_FILE
    assert place.read_bytes() == WEIGHTS
    assert files_in(tmp_path) == [LLAMA_FILE, f"{NAME}.json"]
    record = read_record(tmp_path, NAME)
    assert record is not None
    assert (record.files, record.source) == ({LLAMA_FILE: SHA256}, hub.served.place)
    choice = choose(NAME, [tmp_path])
    assert (choice.path, choice.sha256) == (place, SHA256)
    assert (heard[-1].done, heard[-1].total, heard[-1].seconds_left) == (len(WEIGHTS), len(WEIGHTS), 0)
    assert heard[-1].speed > 0


def test_the_licence_is_accepted_before_anything_is_asked_for(hub: Hub, tmp_path: Path) -> None:
    model = known(NAME)
    assert model is not None
    with pytest.raises(LicenceNotAccepted) as refused:
        pull(model, tmp_path, hub.source())
    assert refused.value.fields["licence"] == "Llama-2 Community License"
    assert str(refused.value.fields["page"]).startswith("https://")
    assert hub.served.requests == []


def test_another_quantization_is_fetched_by_its_name(hub: Hub, tmp_path: Path) -> None:
    hub.files[LLAMA, "llama-2-7b-chat.Q5_K_M.gguf"] = WEIGHTS
    get(hub, tmp_path, f"{NAME}:Q5_K_M")
    assert locate(f"{NAME}:Q5_K_M", [tmp_path]) == tmp_path / "llama-2-7b-chat.Q5_K_M.gguf"
    assert locate(NAME, [tmp_path]) is None


def embedder(hub: Hub, repo: str = "BAAI/bge-m3") -> None:
    names = {
        "config.json": b'{"architectures": ["XLMRobertaModel"]}',
        "model.safetensors": b"weights",
        "modules.json": b"[]",
        "1_Pooling/config.json": b"{}",
        "README.md": b"words",
        "onnx/model.safetensors": b"other",
        "pytorch_model.bin": b"\x80\x02.",
        "modeling_evil.py": b"import os",
    }
    for path, content in names.items():
        hub.files[repo, path] = content


@pytest.mark.parametrize("kind", ["", "modelscope+"])
def test_a_folder_comes_without_pickles_programs_and_other_runtimes(hub: Hub, tmp_path: Path, kind: str) -> None:
    embedder(hub)
    place = get(hub, tmp_path, "bge-m3", source=hub.source(kind=kind))
    assert files_in(place) == ["1_Pooling/config.json", "config.json", "model.safetensors", "modules.json"]
    assert choose("bge-m3", [tmp_path], kind="embedder").sha256 == hashlib.sha256(b"weights").hexdigest()


def test_any_repository_comes_by_its_name_and_is_found_by_it(hub: Hub, tmp_path: Path) -> None:
    embedder(hub, "google/flan-t5-large")
    place = get(hub, tmp_path, "google/flan-t5-large")
    assert locate("google/flan-t5-large", [tmp_path]) == place == tmp_path / "google--flan-t5-large"


def test_pickled_weights_are_refused_before_they_are_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.files = {("BAAI/bge-m3", "config.json"): b"{}", ("BAAI/bge-m3", "pytorch_model.bin"): b"\x80\x02."}
    with pytest.raises(ModelRefused) as refused:
        get(hub, tmp_path, "bge-m3")
    assert refused.value.fields["reason"] == "pickle"
    assert hub.ranges_asked == []


@pytest.mark.parametrize(
    "path", ["../outside.safetensors", "/etc/x.json", "a//b.json", ".hidden/x.json", "a/../../b.json"]
)
def test_no_listed_path_leads_out_of_the_folder(hub: Hub, tmp_path: Path, path: str) -> None:
    embedder(hub)
    hub.files["BAAI/bge-m3", path] = b"{}"
    place = get(hub, tmp_path / "models", "bge-m3")
    assert files_in(place) == ["1_Pooling/config.json", "config.json", "model.safetensors", "modules.json"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["models"]


# Cut


def test_a_cut_is_gone_on_from_at_once(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [3 * PIECE, PIECE, 5 * PIECE]
    assert get(hub, tmp_path).read_bytes() == WEIGHTS
    assert hub.ranges_asked == ["", f"bytes={3 * PIECE}-", f"bytes={4 * PIECE}-", f"bytes={9 * PIECE}-"]


def test_a_server_that_stays_away_is_named_and_the_next_pull_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [3 * PIECE, 0, 0, 0, 0]
    with pytest.raises(DownloadFailed) as failed:
        get(hub, tmp_path)
    assert failed.value.fields == {"model": NAME, "source": hub.served.place}
    assert locate(NAME, [tmp_path]) is None
    assert files_in(tmp_path) == [f".partial/{NAME}/{LLAMA_FILE}"]
    heard: list[Progress] = []
    assert get(hub, tmp_path, on_progress=heard.append).read_bytes() == WEIGHTS
    assert heard[0].done == 3 * PIECE
    assert hub.ranges_asked[-1] == f"bytes={3 * PIECE}-"


def test_a_server_that_knows_no_ranges_begins_anew(hub: Hub, tmp_path: Path) -> None:
    hub.cuts, hub.ranges = [3 * PIECE], False
    heard: list[Progress] = []
    assert get(hub, tmp_path, on_progress=heard.append).read_bytes() == WEIGHTS
    assert heard[-1].done == len(WEIGHTS)


# Wrong


@pytest.mark.parametrize("content", [WEIGHTS[:-1] + b"!", WEIGHTS + b"more"])
def test_other_bytes_than_stated_are_refused_and_nothing_stays(hub: Hub, tmp_path: Path, content: bytes) -> None:
    hub.lies[LLAMA_FILE] = content
    with pytest.raises(ModelRefused) as refused:
        get(hub, tmp_path)
    assert refused.value.fields["reason"] == "hash"
    assert files_in(tmp_path) == []


def test_small_files_are_held_to_the_hash_that_git_gives_them(hub: Hub, tmp_path: Path) -> None:
    embedder(hub)
    hub.lies["config.json"] = b'{"architectures": ["XLMRobertaModeL"]}'
    with pytest.raises(ModelRefused):
        get(hub, tmp_path, "bge-m3")
    assert files_in(tmp_path) == []


def test_what_is_no_gguf_by_its_content_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.files[LLAMA, LLAMA_FILE] = b"PK\x03\x04" + WEIGHTS
    with pytest.raises(ModelRefused) as refused:
        get(hub, tmp_path)
    assert refused.value.fields["reason"] == "pickle"
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("states_hashes", [True, False])
def test_a_model_that_changed_since_the_first_time_is_refused(hub: Hub, tmp_path: Path, states_hashes: bool) -> None:
    hub.states_hashes = states_hashes
    get(hub, tmp_path).unlink()
    hub.files[LLAMA, LLAMA_FILE] = WEIGHTS[:-1] + b"!"
    with pytest.raises(ModelRefused):
        get(hub, tmp_path)
    assert files_in(tmp_path) == [f"{NAME}.json"]


# Too large


def test_a_model_larger_than_the_free_disk_is_refused_before_it_is_fetched(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": len(WEIGHTS)})()
    monkeypatch.setattr("rag.models.catalogue.transfers.shutil.disk_usage", lambda _: usage)
    with pytest.raises(NoRoomForModel) as refused:
        get(hub, tmp_path)
    assert (refused.value.fields["needed"], refused.value.fields["free"]) == ("1.0 MB", "1.0 MB")
    assert hub.ranges_asked == []
    assert files_in(tmp_path) == []


def test_a_disk_that_fills_up_meanwhile_is_given_back(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(progress: Progress) -> None:
        if progress.done:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NoRoomForModel):
        get(hub, tmp_path, on_progress=full)
    assert files_in(tmp_path) == []


# Cancelled, slow, silent


def test_a_cancel_leaves_nothing_half(hub: Hub, tmp_path: Path) -> None:
    hub.before_piece = slowly(0.02)
    stop = threading.Event()

    def tell(progress: Progress) -> None:
        if progress.done:
            stop.set()

    with pytest.raises(Cancelled):
        get(hub, tmp_path, on_progress=tell, cancelled=stop.is_set)
    assert files_in(tmp_path) == []
    hub.before_piece = lambda sent: None
    assert get(hub, tmp_path).read_bytes() == WEIGHTS


def test_a_cancel_is_heard_while_nothing_comes(hub: Hub, tmp_path: Path) -> None:
    stop, resume = threading.Event(), threading.Event()

    def hang(sent: int) -> None:
        if sent:
            stop.set()
            resume.wait(20)

    hub.before_piece = hang
    with pytest.raises(Cancelled):
        get(hub, tmp_path, source=hub.source(quiet_seconds=20), cancelled=stop.is_set)
    resume.set()
    assert files_in(tmp_path) == []


def test_a_server_that_falls_silent_is_given_up_and_what_came_is_kept(hub: Hub, tmp_path: Path) -> None:
    resume = threading.Event()

    def hang(sent: int) -> None:
        if sent or len(hub.ranges_asked) > 1:
            resume.wait(20)

    hub.before_piece = hang
    with pytest.raises(DownloadFailed):
        get(hub, tmp_path, source=hub.source(quiet_seconds=0.1))
    resume.set()
    assert (tmp_path / ".partial" / NAME / LLAMA_FILE).stat().st_size == PIECE


def test_nobody_answers(hub: Hub, tmp_path: Path) -> None:
    source = hub.source()
    gone = Source(source.kind, "http://127.0.0.1:9", ("127.0.0.1:9",))
    with pytest.raises(DownloadFailed):
        get(hub, tmp_path, source=gone)


def test_the_same_model_is_not_fetched_twice_at_once(hub: Hub, tmp_path: Path) -> None:
    seen: list[type] = []

    def meanwhile(progress: Progress) -> None:
        if not seen:
            with pytest.raises(DownloadRunning) as running:
                get(hub, tmp_path)
            seen.append(type(running.value))

    get(hub, tmp_path, on_progress=meanwhile)
    assert seen == [DownloadRunning]


# The source


@pytest.mark.parametrize(
    ("status", "error"), [(401, ModelDenied), (403, ModelDenied), (404, ModelNotAtSource), (500, DownloadFailed)]
)
def test_a_refusal_is_explained(hub: Hub, tmp_path: Path, status: int, error: type[Exception]) -> None:
    hub.status = status
    with pytest.raises(error):
        get(hub, tmp_path)


def test_a_source_is_named_by_the_administrator_only_and_its_redirects_lead_nowhere_inside(tmp_path: Path) -> None:
    with serving(lambda path: Reply(b"secret")) as inside:
        there = {"Location": inside.at("/weights")}
        listing = json.dumps([{"type": "file", "path": LLAMA_FILE, "size": 6}]).encode()
        answers = {False: Reply(status=302, headers=there), True: Reply(listing)}
        with serving(lambda path: answers["/api/" in path]) as mirror:
            model = known(NAME)
            assert model is not None
            with pytest.raises(AddressForbidden):
                pull(model, tmp_path, source_for(mirror.at("")), accepted=True)
        assert inside.requests == []


def test_the_token_goes_to_the_hub_alone_and_is_never_shown(hub: Hub, tmp_path: Path) -> None:
    source = Source("hub", hub.source().endpoint, hub.source().intranet, token="hf_secret")
    get(hub, tmp_path, source=source)
    assert not any("Authorization" in headers for _, headers in hub.served.requests)
    assert source_for("hub", token="hf_secret").endpoint == HUB
    assert "hf_secret" not in repr(source)


@pytest.mark.parametrize("setting", ["", "ftp://here", "http://", "http://user:word@host", "somewhere"])
def test_what_names_no_source_is_an_invalid_setting(setting: str) -> None:
    with pytest.raises(SettingsInvalid):
        source_for(setting)
