"""G20. The model's death is contained: killed in the middle of an answer, it costs that answer only."""

from __future__ import annotations

import os
import signal
import time

import pytest

from rag.core.errors import ModelDied
from tests.guarantees.library import size
from tests.guarantees.models import STORY, about, bundled

KILLS = size(3, 20)


def test_a_killed_model_costs_one_message_and_the_next_answer_works():
    model = bundled()
    expected = "".join(model.write(about(1), max_tokens=8))
    slowest = 0.0
    for number in range(KILLS):
        answer = model.write(STORY, max_tokens=900)
        for _ in range(1 + number % 7):
            next(answer)
        assert model.pid is not None
        os.kill(model.pid, signal.SIGKILL)
        start = time.monotonic()
        with pytest.raises(ModelDied):
            list(answer)
        slowest = max(slowest, time.monotonic() - start)
        assert "".join(model.write(about(1), max_tokens=8)) == expected
    model.close()
    assert slowest < 5
    print(f"G20: killed {KILLS} times, told after {slowest:.2f} s at most, {KILLS} next answers right")
