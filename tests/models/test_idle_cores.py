"""A model takes the cores that others leave idle, gives them back when they need them, and writes the same words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rag.models.catalogue import locate
from rag.models.llms.idle_cores import IdleCores

CORES = 4


class Machine:
    """Clocks of a machine of four cores, of which the others' processes use `others` and this one `own`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.used = 100.0
        self.idle = [1000.0] * CORES
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(CORES)), raising=False)
        monkeypatch.setattr("os.cpu_count", lambda: CORES)
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.process_time", lambda: self.used)
        monkeypatch.setattr("psutil.cpu_times", lambda percpu: [SimpleNamespace(idle=one) for one in self.idle])

    def passes(self, seconds: float, *, others: float, own: float = 0.0) -> None:
        self.now += seconds
        self.used += own * seconds
        self.idle = [idle + seconds * (CORES - others - own) / CORES for idle in self.idle]


def test_what_others_use_is_left_to_them_and_what_this_process_uses_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    cores = IdleCores()
    machine.passes(3, others=0.1)
    assert cores.at_start() == 4
    machine.passes(0.3, others=0.1, own=3.9)
    assert cores.meanwhile() == 4
    # Somebody else begins: they have what the threads of both are given of the cores.
    machine.passes(0.3, others=1.6, own=2.4)
    assert cores.meanwhile() == 2
    machine.passes(0.3, others=4.0)
    assert cores.meanwhile() == 1
    machine.passes(0.3, others=0.0, own=1.0)
    assert cores.meanwhile() == 4


def test_the_search_right_before_a_prompt_takes_no_core_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    cores = IdleCores()
    machine.passes(0.3, others=0.0, own=4.0)
    assert cores.meanwhile() == 4
    machine.passes(0.4, others=3.0)
    assert cores.at_start() == 4
    machine.passes(0.3, others=0.0, own=4.0)
    assert cores.meanwhile() == 4
    # What computes for longer is no search.
    machine.passes(5, others=3.0)
    assert cores.at_start() == 1


def test_a_number_that_is_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    cores = IdleCores(3)
    machine.passes(5, others=4.0)
    assert (cores.at_start(), cores.meanwhile()) == (3, 3)


def test_the_number_of_threads_changes_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    engine_module = pytest.importorskip("rag.models.llms.engine", reason="llama-cpp-python could not be built here")
    file = locate("smollm2-135m-instruct")
    assert file is not None
    engine = engine_module.Engine(file, context=2048, threads=0, gpu_layers=0, plain=False)
    prompt = engine.tokens("The sea is wide and the ship is small.\n" * 54)
    # From 512 on llama.cpp may split the attention between threads.
    assert len(prompt) > 512
    taken = list[int]()

    def written(*numbers: int) -> str:
        """A text, by so many threads in turn."""
        turns = iter(numbers * 400)

        def meanwhile() -> int:
            taken.append(next(turns))
            return taken[-1]

        monkeypatch.setattr(engine._cores, "meanwhile", meanwhile)
        monkeypatch.setattr(engine._cores, "at_start", lambda: numbers[0])
        engine.read(prompt[:1])
        engine.read(prompt)
        return "".join(engine.write(8, temperature=0.0, repeat_penalty=1.0, seed=0))

    assert written(1) == written(2, 1) != ""
    assert set(taken) == {1, 2}
