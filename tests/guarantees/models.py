"""What the guarantees about the model share: the bundled model in a process of its own."""

from __future__ import annotations

from pathlib import Path

from rag.models.catalogue import known, locate
from rag.models.llms.chat_format import Message
from rag.models.llms.process import ModelProcess

NAME = "smollm2-135m-instruct"
STORY = [Message(role="user", content="Tell me a very long story.")]


def bundled(
    file: Path | None = None, *, pinned: bool = False, queue_limit: int = 8, turn_file: Path | None = None
) -> ModelProcess:
    """The bundled model, or another file in its place, held to the bundled one's hash if `pinned`."""
    place = file or locate(NAME)
    assert place is not None
    model = known(NAME)
    assert model is not None
    sha256 = model.sha256 if pinned else None
    return ModelProcess(
        place, NAME, threads=1, context_tokens=1024, sha256=sha256, queue_limit=queue_limit, turn_file=turn_file
    )


def secret_of(number: int) -> str:
    return f"K{number:02d}Q{number * 7 + 11}"


def about(number: int) -> list[Message]:
    """A question that only its own text answers."""
    return [
        Message(role="system", content=f"Answer from the text: The code of room {number} is {secret_of(number)}."),
        Message(role="user", content=f"What is the code of room {number}?"),
    ]
