"""What a context has evaluated of a sequence of tokens, and how much of the next prompt that spares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

# Prompt tokens per batch, of which lines end most. Those of 64 read a tenth fewer tokens in a second; on a CPU larger
# batches are no faster, on a GPU they are.
BATCH: Final = 128
# A batch ends with a line, so that what prompts share ends with one, but not before it has so many tokens: smaller ones
# read a fifth fewer in a second. With 24, the rules end with "Text:", which all prompts share.
_LEAST: Final = 24


@dataclass(slots=True)
class ReadTokens:
    """The tokens in the KV cache of one sequence, and where the batches end that any prompt with these tokens is
    evaluated in."""

    tokens: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def shared(self, prompt: Sequence[int]) -> int:
        """How many tokens of a prompt need not be evaluated again.

        Only batches count that do not depend on what follows them, so that a prompt is always computed in the same
        steps and the result is bit-identical: the same question gets the same answer.
        """
        # The last token is always evaluated, since its logits are needed.
        pairs = enumerate(zip(self.tokens, prompt[:-1], strict=False))
        alike = next((at for at, (old, new) in pairs if old != new), min(len(self.tokens), len(prompt) - 1))
        return next((end for end in reversed(self.ends) if end <= alike), 0)

    def cut(self, count: int) -> None:
        """Keep the first `count` tokens, at the end of a batch."""
        del self.tokens[count:]
        self.ends = [end for end in self.ends if end <= count]

    def copy_from(self, other: ReadTokens, count: int) -> None:
        """Hold the first `count` tokens of another sequence."""
        self.tokens, self.ends = other.tokens[:count], list(other.ends)
        self.cut(count)


def batch_end(
    prompt: Sequence[int], start: int, ends_line: Callable[[int], bool], batch: int = BATCH
) -> tuple[int, bool]:
    """Where the batch of a prompt ends that begins at `start`, and whether it does so whatever follows."""
    last = min(start + batch, len(prompt))
    for end in range(start + min(_LEAST, batch), last):
        if ends_line(prompt[end - 1]):
            return end, True
    return last, last - start == batch
