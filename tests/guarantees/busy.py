"""A child that keeps patterns busy: a list of them as JSON on its standard input, those found slow on its output.

Whether work grows with the square of a text, or faster, is told by doing it to one text and to eight of an eighth of
its length: a linear pattern works as long on both. Processor time is compared, a tenth of a second of it at least,
so that neither other processes nor a coarse clock decide. A first look at each text, a short one, tells which are worth
that.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from tests.guarantees.patterns import Attack, attacks

Work = Callable[[], object]

_FIRST, _LAST = 8000, 2**19  # characters
_NOTICED = 0.012  # seconds at first sight
_ENOUGH = 0.1  # seconds of processor time that can be compared
_LONGEST = 1.0  # seconds that no linear pattern takes for the longest text
_PARTS = 8
_LINEAR = 2.5  # times as long as in parts; the square of the length would give eight
_LOOKS = 2


class TooLong(Exception):
    """The time for one text is over."""


def _over(*_: object) -> None:
    raise TooLong


def seconds(work: Work) -> float:
    """Processor time, infinite where it is given up."""
    signal.setitimer(signal.ITIMER_PROF, _LONGEST)
    before = time.process_time()
    try:
        work()
        return time.process_time() - before
    except TooLong:
        return float("inf")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def is_noticed(using: Callable[[int], Work]) -> bool:
    """Whether a text takes long at first sight, and longer than its parts do."""
    whole, part = using(_FIRST), using(_FIRST // _PARTS)
    took = seconds(whole)
    if took <= _NOTICED or took == float("inf"):
        return took > _NOTICED
    took = min(took, seconds(whole))
    return took > _NOTICED and took > _LINEAR * seconds(lambda: [part() for _ in range(_PARTS)])


def growth(using: Callable[[int], Work]) -> float:
    """How many times longer the work takes on a whole text than on its eight parts: 1 where it is linear."""
    size = _FIRST
    while (whole := seconds(using(size))) < _ENOUGH:
        size *= 2
        if size > _LAST:
            return 1.0
    if whole == float("inf"):
        return whole
    part = using(size // _PARTS)
    in_parts = seconds(lambda: [part() for _ in range(_PARTS)])
    return min(whole, seconds(using(size))) / max(in_parts, 1e-3)


def _looks(using: Callable[[int], Work]) -> Iterator[float]:
    """The growth, looked at again where it is suspected; once is enough where a text is given up."""
    for _ in range(_LOOKS):
        times = growth(using)
        yield times
        if times <= _LINEAR or times == float("inf"):
            return


def worst(pattern: re.Pattern[Any], methods: list[str], most: int) -> tuple[str, Attack, float] | None:
    """The first text found that the pattern is not linear in, the method and the growth; None where there is none."""
    for attack in attacks(pattern, most):
        for method in methods:

            def using(size: int, method: str = method, attack: Attack = attack) -> Work:
                return _work(pattern, method, attack.text(size))

            if is_noticed(using):
                times = min(_looks(using))
                if times > _LINEAR:
                    return method, attack, times
    return None


def _work(pattern: re.Pattern[Any], method: str, text: str) -> Work:
    read: Any = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
    call = getattr(pattern, method)
    if method in ("sub", "subn"):
        return lambda: call(read[:0], read)
    if method == "finditer":
        return lambda: deque(call(read), maxlen=0)
    return lambda: call(read)


def main() -> None:
    signal.signal(signal.SIGPROF, _over)
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (job["deadline"], job["deadline"] + 1))
    found, tried = [], 0
    for one in job["patterns"]:
        text = one["pattern"].encode("latin-1") if one["bytes"] else one["pattern"]
        pattern = re.compile(text, one["flags"])
        tried += len(one["methods"]) * len(attacks(pattern, job["most"]))
        if slow := worst(pattern, one["methods"], job["most"]):
            method, attack, times = slow
            found.append(f"{one['name']}: {method}, {times:.1f} times as long as in parts, on {attack}")
    json.dump({"tried": tried, "slow": found}, sys.stdout)


if __name__ == "__main__":
    main()
