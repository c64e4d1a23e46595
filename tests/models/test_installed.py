"""What fits is told before anyone waits, and the model that writes is changed without a restart, by name only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from rag.core.errors import Cancelled, ModelNotAtSource, ModelUnknown, SettingsInvalid
from rag.core.settings import Settings
from rag.models.catalogue import locate
from rag.models.catalogue.hardware_fit import Fit, Machine, Speed, fit, machine, read_speeds, write_speeds
from rag.models.installed import MEASURED, InstalledModels
from rag.models.llms.llama_cpp import ChatLlamaCpp, ChatTransformers
from rag.operations.background_tasks import Task, Tasks
from rag.services import NO_MODEL, Services, open_services
from tests.support.hub import LLAMA_FILE, WEIGHTS, hub_serving

HERE = Machine(memory=8_000_000_000, cores=2, processor="test")
SMALL = Speed(read=100, write=50, size=100_000_000)


def model_of(services: Services) -> ChatLlamaCpp:
    """The model in a process of its own that writes."""
    writer = services.writer
    assert writer is not None
    assert isinstance(writer.model, ChatLlamaCpp)
    return writer.model


def how_it_runs(services: Services) -> Fit:
    entry = services.writing_entry()
    assert entry is not None
    return entry.fit


# What fits


@pytest.mark.parametrize(
    ("memory", "size", "expected"),
    [
        (500_000_000, 100_000_000, Fit("well", 4)),
        (2_000_000_000, 1_000_000_000, Fit("slow", 20)),
        (6_000_000_000, 4_000_000_000, Fit("slow", 80)),
        (9_000_000_000, 7_000_000_000, Fit("no")),
        (None, None, Fit("unknown")),
    ],
)
def test_a_model_is_marked_by_its_memory_and_its_size(memory: int | None, size: int | None, expected: Fit) -> None:
    assert fit(memory, size, HERE, SMALL, None) == expected


def test_what_was_measured_on_the_model_itself_counts_more_and_without_a_measure_nothing_is_claimed() -> None:
    assert fit(2**30, 4_000_000_000, HERE, SMALL, Speed(400, 10, 4_000_000_000)) == Fit("well", 1, measured=True)
    assert fit(2**30, 4_000_000_000, HERE, None, None) == Fit("unknown")


def test_speeds_are_remembered_for_this_machine_only(tmp_path: Path) -> None:
    file = tmp_path / "models" / ".speeds.json"
    write_speeds(file, HERE, {"small": SMALL})
    assert read_speeds(file, HERE) == {"small": SMALL}
    assert read_speeds(file, replace(HERE, cores=4)) == {}
    assert read_speeds(tmp_path / "none", HERE) == {}
    file.write_text('{"machine": 3}')
    assert read_speeds(file, HERE) == {}


def test_an_answer_tells_how_fast_its_model_is_here(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    services = open_services(Settings(data_dir=tmp_path, models_dir=tmp_path / "models", model=MEASURED, threads=1))
    assert how_it_runs(services) == Fit("unknown")
    model = model_of(services)
    model.invoke("The sea is wide. " * 40, max_tokens=4)
    model.close()
    measured = how_it_runs(services)
    assert measured.measured
    assert measured.seconds is not None
    assert measured.seconds >= 1
    assert services.installed_models.speeds()[MEASURED].size == 98_362_432


def test_this_machine_is_looked_at() -> None:
    here = machine()
    assert here.memory > 100_000_000
    assert here.cores >= 1


def test_the_machine_is_measured_once_on_the_bundled_model(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    installed_models = InstalledModels(tmp_path / "models", tmp_path)
    installed_models.measure()
    speed = installed_models.speeds()[MEASURED]
    assert speed.read > 1
    assert speed.write > 1
    assert speed.size == 98_362_432
    file = tmp_path / "models" / ".speeds.json"
    written = file.read_bytes()
    installed_models.measure()
    assert file.read_bytes() == written
    by_name = {entry.name: entry for entry in installed_models.entries()}
    assert by_name[MEASURED].fit.measured
    llama, larger = by_name["llama-2-7b-chat"].fit, by_name["llama-2-13b-chat"].fit
    assert llama.mark == "no" or larger.mark == "no" or (llama.seconds or 0) < (larger.seconds or 0)


# Sources that are no server


def test_a_folder_can_be_the_source(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / LLAMA_FILE).write_bytes(WEIGHTS)
    installed_models = InstalledModels(tmp_path / "models", tmp_path, source=str(tmp_path / "share"))
    assert installed_models.pull("llama-2-7b-chat") == tmp_path / "models" / LLAMA_FILE
    assert installed_models.verify("llama-2-7b-chat") == {LLAMA_FILE: "ok"}
    with pytest.raises(ModelNotAtSource):
        installed_models.pull("bge-m3")
    with pytest.raises(SettingsInvalid):
        InstalledModels(tmp_path / "models", tmp_path, source="/never/there").pull("bge-m3")


def test_the_administrator_can_switch_downloads_off(tmp_path: Path) -> None:
    with pytest.raises(ModelNotAtSource):
        InstalledModels(tmp_path, tmp_path, source="none").pull("bge-m3")
    with pytest.raises(ModelUnknown):
        InstalledModels(tmp_path, tmp_path, source="none").pull("never-heard-of")


# Which model writes


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = open_services(
        Settings(data_dir=tmp_path, model=MEASURED, threads=1, context_tokens=1024, answer_tokens=16), switchable=True
    )
    yield made
    if made.model_name != NO_MODEL and made.writer:
        model_of(made).close()


@pytest.mark.parametrize(
    "name",
    ["custom:os:system", "openai:some@http://127.0.0.1:9", "hub:a/b", "hf:/etc", "/etc/passwd", "llama-2-7b-chat", ""],
)
def test_only_what_is_on_the_disk_can_be_chosen(services: Services, name: str) -> None:
    with pytest.raises(ModelUnknown):
        services.switch(name)
    with pytest.raises(ModelUnknown):
        list(services.try_out(name, "Hi", lambda: None))
    (services.settings.data_dir / "model.chosen").write_text(name)
    services.refresh()
    assert services.model_name == MEASURED


def test_what_the_administrator_names_may_be_chosen_back(tmp_path: Path) -> None:
    made = open_services(Settings(data_dir=tmp_path, model="custom:tests.support.hub:slowly"), switchable=True)
    assert made.installed_models.choices()[:2] == ["custom:tests.support.hub:slowly", "none"]
    made.switch("none")
    made.switch("custom:tests.support.hub:slowly")
    assert made.model_name == "custom:tests.support.hub:slowly"


def test_switching_needs_no_restart_is_remembered_and_leaves_the_command_line_alone(services: Services) -> None:
    services.switch("none")
    assert services.writer is None
    again = open_services(services.settings, switchable=True)
    assert again.model_name == "none"
    assert open_services(services.settings).model_name == MEASURED
    services.switch(MEASURED)
    writer = services.writer
    assert writer is not None
    assert writer.name == MEASURED


def test_an_answer_on_its_way_is_finished_by_the_model_that_began_it(services: Services) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    model = model_of(services)
    answer = model.stream([HumanMessage("Tell me about the sea.")])
    next(answer)
    services.switch("none")
    assert model.process.pid is not None
    assert len(list(answer)) > 3
    assert model.process.pid is None, "the worker of the model that was left is gone"


def test_a_model_is_tried_with_one_line(services: Services) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    line = "The capital of France is Paris. What is the capital of France?"
    assert "Paris" in "".join(services.try_out(MEASURED, line, lambda: None))


def test_a_model_that_came_is_used_at_once(tmp_path: Path) -> None:
    with hub_serving() as hub:
        address = f"http://{hub.served.place}"
        made = open_services(
            Settings(data_dir=tmp_path, model="llama-2-7b-chat", model_source=address), switchable=True
        )
        assert made.choice is not None
        assert made.choice.stands_in_for == "llama-2-7b-chat"
        made.installed_models.pull("llama-2-7b-chat", accepted=True)
        made.refresh()
        now = made.choice
        assert now is not None
        assert (now.name, now.stands_in_for) == ("llama-2-7b-chat", None)
        assert "llama-2-7b-chat" in made.installed_models.choices()


def test_the_settings_of_hf_models_reach_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (folder / "model.safetensors").write_bytes(b"weights")
    settings = Settings(
        data_dir=tmp_path,
        model="hf:mine:4bit",
        hf_answer_tokens=99,
        hf_temperature=0.5,
        hf_repeat_penalty=1.0,
        hf_stops=("END",),
        hf_return_prompt=True,
    )
    writer = open_services(settings).writer
    assert writer is not None
    model = writer.model
    assert isinstance(model, ChatTransformers)
    assert (model.max_tokens, model.temperature, model.repeat_penalty) == (99, 0.5, 1.0)
    assert (model.stop_texts, model.return_prompt, writer.answer_tokens) == (("END",), True, 99)
    assert model.process._file == folder


# Tasks


def test_a_task_outlives_its_page_tells_how_it_ended_and_stops() -> None:
    tasks = Tasks()

    def wait(task: Task) -> None:
        while True:
            task.look()

    task = tasks.start("pull", wait)
    assert tasks.start("pull", wait) is task, "the same thing is not done twice at once"
    task.stop()
    for thread in threading.enumerate():
        if thread.name == "pull":
            thread.join(10)
    assert task.done
    assert task.error is not None
    assert task.error.key == Cancelled.key()
    tasks.put_away("pull")
    assert tasks.get("pull") is None


def test_the_bundled_model_is_there() -> None:
    assert isinstance(locate(MEASURED), Path)
