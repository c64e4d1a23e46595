"""G20. The model's death is contained: killed in the middle of an answer, it costs that answer only."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from rag.core.errors import ModelDied
from tests.guarantees.library import size
from tests.guarantees.models import STORY, about, bundled
from tests.support.waiting import ends

KILLS = size(3, 20)


def test_a_killed_model_costs_one_message_and_the_next_answer_works() -> None:
    model = bundled()
    expected = "".join(model.write(about(1), max_tokens=8))
    for number in range(KILLS):
        answer = model.write(STORY, max_tokens=900)
        for _ in range(1 + number % 7):
            next(answer)
        assert model.pid is not None
        os.kill(model.pid, signal.SIGKILL)
        with pytest.raises(ModelDied):
            ends(partial(list, answer))
        assert "".join(model.write(about(1), max_tokens=8)) == expected
    model.close()
    print(f"G20: killed {KILLS} times, told each time, {KILLS} next answers right")
