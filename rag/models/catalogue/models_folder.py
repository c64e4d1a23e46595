"""The models folder: list what is installed, verify hashes, remove."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.core.errors import ModelNotOnDisk
from rag.models.catalogue.checksums import forget_record, read_record, slug
from rag.models.catalogue.files import folder_problem, kind_of, sha256
from rag.models.catalogue.known_models import MODELS, Kind, Model, by_file, known, unlisted
from rag.models.catalogue.locations import locate
from rag.models.catalogue.transfers import size_of

State = Literal["ok", "changed", "missing", "not_recorded"]

# Subfolder for files to import: the Models page offers what is in it.
IMPORTS = "import"
_REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this disk. `model` is its catalogue row, None for others; `bundled` came in a Python package."""

    name: str
    kind: Kind
    path: Path
    size: int
    model: Model | None = None
    bundled: bool = False


def described(name: str) -> Model | None:
    """What to download by that name: a catalogue row, or any repository of the hub, whole, as `owner/name`."""
    model = known(name)
    return unlisted(name, "transformers", repo=name) if model is None and _REPO.fullmatch(name) else model


def installed(folders: Sequence[Path]) -> list[Installed]:
    """Every model that can be used without a download: catalogue rows first, then others."""
    found = [
        Installed(
            model.name, model.kind, place, size_of(place), model, bundled=model.package is not None and not model.packed
        )
        for model in MODELS
        if (place := locate(model.name, folders))
    ]
    seen = {entry.path for entry in found}
    return found + [entry for folder in folders for entry in _unlisted(folder) if entry.path not in seen]


def verify(name: str, folders: Sequence[Path]) -> dict[str, State]:
    """Compare each file of a model with the SHA-256 published or first seen.

    Raises:
        ModelNotOnDisk: the model is not installed.
    """
    place = locate(name, folders)
    if place is None:
        raise ModelNotOnDisk(model=name)
    model = known(name)
    record = next(filter(None, (read_record(folder, model.name if model else name) for folder in folders)), None)
    expected = dict(record.files) if record else {}
    if model and model.sha256:
        expected[model.file if model.kind == "gguf" else "model.safetensors"] = model.sha256
    if not expected:
        return {place.name: "not_recorded"}
    root = place.parent if place.is_file() else place
    return {file: _state(root / file, sha) for file, sha in sorted(expected.items())}


def remove(name: str, folder: Path, *, forget: bool = False) -> int:
    """Remove a model and its partial download from the models folder; the bytes freed.

    The record of its hashes is kept, unless `forget` is set.

    Raises:
        ModelNotOnDisk: it is not in that folder.
    """
    model = known(name)
    name = model.name if model else name
    partial = folder / ".partial" / slug(name)
    place = locate(name, [folder])
    if place is not None and place.parent != folder:
        place = None
    if place is None and not partial.exists() and not (forget and read_record(folder, name)):
        raise ModelNotOnDisk(model=name)
    freed = size_of(partial) + (size_of(place) if place else 0)
    shutil.rmtree(partial, ignore_errors=True)
    if place:
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    if forget:
        forget_record(folder, name)
    return freed


def waiting(folder: Path) -> list[Path]:
    """The files and folders in the imports subfolder, sorted; the page offers these and no other paths."""
    place = folder / IMPORTS
    if not place.is_dir():
        return []
    return sorted(entry for entry in place.iterdir() if entry.is_dir() or entry.is_file())


def _unlisted(folder: Path) -> Iterator[Installed]:
    """The models in a folder; some may be catalogue rows in another quantization."""
    if not folder.is_dir():
        return
    for place in sorted(folder.iterdir()):
        if place.is_file() and place.suffix == ".gguf":
            model = by_file(place.name)
            yield Installed(model.name if model else place.stem, "gguf", place, size_of(place), model)
        elif place.is_dir() and place.name != IMPORTS and folder_problem(place) is None:
            yield Installed(place.name.replace("--", "/", 1), kind_of(place), place, size_of(place))


def _state(file: Path, expected: str) -> State:
    if not file.is_file():
        return "missing"
    return "ok" if sha256(file) == expected else "changed"
