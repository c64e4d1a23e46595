"""The models folder: what stands there, taking in files of one's own, holding them to their hashes, removing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.core.errors import Cancelled, ModelNotOnDisk, ModelRefused, NameTaken
from rag.models.catalogue.checksums import Record, forget_record, read_record, slug, write_record
from rag.models.catalogue.downloads import (
    Progress,
    Tell,
    check_room,
    never,
    nobody,
    own_partial,
    put_in_place,
    target,
)
from rag.models.catalogue.files import check_gguf, folder_problem, sha256
from rag.models.catalogue.known_models import MODELS, Kind, Model, by_file, known
from rag.models.catalogue.locations import locate

State = Literal["ok", "changed", "missing", "not_recorded"]

# Within the models folder: what is laid here by hand can be taken in from the page.
IMPORTS = "import"
_CHUNK = 4 * 2**20
_REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
# What a model's own name does not hold.
_UNNAMED = re.compile(r"[^\w.]+")
# What a folder of one's own is taken in with: nothing that could carry code.
_TAKEN = {".safetensors", ".json", ".txt", ".model", ".jinja"}
# Which head a network of the hub's layout has says what it is for.
_HEADS: tuple[tuple[str, Kind], ...] = (
    ("SequenceClassification", "reranker"),
    ("QuestionAnswering", "reader"),
    ("CausalLM", "transformers"),
    ("ConditionalGeneration", "transformers"),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this disk. `model` is its row, None for one's own; `bundled` came in a package and stays."""

    name: str
    kind: Kind
    path: Path
    size: int
    model: Model | None = None
    bundled: bool = False


def described(name: str) -> Model | None:
    """What to fetch by that name: a row, or any repository of the hub, whole, as `owner/name`."""
    model = known(name)
    if model is None and _REPO.fullmatch(name):
        return Model(name, "transformers", name, "", None, "", 0, ())
    return model


def installed(folders: Sequence[Path]) -> list[Installed]:
    """Every model that can be used without fetching anything: those of the table, then one's own."""
    found = [_as_installed(model.name, place, model) for model in MODELS if (place := locate(model.name, folders))]
    seen = {entry.path for entry in found}
    own = (entry for folder in folders for entry in _own_models(folder))
    return found + [entry for entry in own if entry.path not in seen]


def take_in(
    path: Path,
    folder: Path,
    *,
    move: bool = False,
    tell: Tell = nobody,
    cancelled: Callable[[], bool] = never,
) -> str:
    """Take a GGUF file or a folder in the hub's layout into the models folder; its name there.

    It is copied, or moved where `move` is set and it lies on the same disk, which takes no room.

    Raises:
        ModelNotOnDisk: there is nothing of that name.
        ModelNeedsGguf, ModelRefused: it is no model that is loaded here, or not the one that was first seen.
        NameTaken, NoRoomForModel, DownloadRunning, Cancelled
    """
    # A link's target belongs to somebody else: it is copied.
    move = move and not path.is_symlink()
    path = path.expanduser().resolve()
    model, files = _examined(path)
    place = folder / target(model)
    if place.exists():
        raise NameTaken(name=model.name)
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(file.stat().st_size for file in files)
    if move:
        _note(model, folder, {file.relative_to(_root(path)).as_posix(): sha256(file) for file in files})
        put_in_place(path, place)
        return model.name
    with own_partial(folder, model.name) as partial:
        check_room(model.name, folder, total)
        try:
            hashes = _copied(path, files, partial, _Share(total, tell, cancelled))
            _note(model, folder, hashes)
        except (Cancelled, KeyboardInterrupt, ModelRefused, OSError):
            shutil.rmtree(partial)
            raise
        put_in_place(partial / path.name if model.kind == "gguf" else partial, place)
    return model.name


def verify(name: str, folders: Sequence[Path]) -> dict[str, State]:
    """How each file of a model stands to the hash it had when it was published or first seen.

    Raises:
        ModelNotOnDisk: the model is not here at all.
    """
    place = locate(name, folders)
    if place is None:
        raise ModelNotOnDisk(model=name)
    model = known(name)
    record = next(filter(None, (read_record(folder, model.name if model else name) for folder in folders)), None)
    held = dict(record.files) if record else {}
    if model and model.sha256:
        held[model.file if model.kind == "gguf" else "model.safetensors"] = model.sha256
    root = place.parent if place.is_file() else place
    if not held:
        return {place.name: "not_recorded"}
    return {file: _state(root / file, expected) for file, expected in sorted(held.items())}


def remove(name: str, folder: Path, *, forget: bool = False) -> int:
    """Remove a model from the models folder, with what is on its way of it; the bytes that became free.

    What its files hash to stays written down, unless it is to be forgotten.

    Raises:
        ModelNotOnDisk: it is not in that folder.
    """
    model = known(name)
    name = model.name if model else name
    partial = folder / ".partial" / slug(name)
    place = locate(name, [folder])
    mine = place is not None and place.parent == folder
    record = read_record(folder, name)
    if not mine and not partial.exists() and not (forget and record):
        raise ModelNotOnDisk(model=name)
    freed = _size(partial) + (_size(place) if mine and place else 0)
    shutil.rmtree(partial, ignore_errors=True)
    if mine and place:
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    if forget:
        forget_record(folder, name)
    return freed


def waiting(folder: Path) -> list[Path]:
    """What was laid into the folder for imports, by name: the page offers these and no other paths."""
    place = folder / IMPORTS
    if not place.is_dir():
        return []
    return sorted(entry for entry in place.iterdir() if entry.is_dir() or entry.is_file())


class _Share:
    """Tells how much of a copy is done."""

    def __init__(self, total: int, tell: Tell, cancelled: Callable[[], bool]) -> None:
        self._total, self._tell, self._cancelled, self._done = total, tell, cancelled, 0

    def came(self, count: int) -> None:
        if self._cancelled():
            raise Cancelled
        self._done += count
        self._tell(Progress(self._done, self._total))


def _examined(path: Path) -> tuple[Model, list[Path]]:
    """What a file or folder is, by its content, and the files to take."""
    name = _UNNAMED.sub("-", path.stem if path.is_file() else path.name).strip("-.") or "model"
    if path.is_dir():
        if (problem := folder_problem(path)) in ("pickle", "not_a_model"):
            raise ModelRefused(model=path.name, reason=problem)
        files = [file for file in path.rglob("*") if file.is_file() and file.suffix in _TAKEN]
        row = known(path.name.replace("--", "/")) or known(path.name)
        return (row if row and not row.file else _own(name, _kind(path), "")), files
    check_gguf(path, path.name)
    return by_file(path.name) or _own(name, "gguf", f"{name}.gguf"), [path]


def _own(name: str, kind: Kind, file: str) -> Model:
    return Model(name, kind, "", file, None, "", 0, ())


def _root(path: Path) -> Path:
    return path.parent if path.is_file() else path


def _copied(path: Path, files: Sequence[Path], partial: Path, share: _Share) -> dict[str, str]:
    """The files copied, and what they hash to as they were read."""
    hashes = {}
    for file in files:
        inner = file.relative_to(_root(path))
        (partial / inner).parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with file.open("rb") as source, (partial / inner).open("wb") as out:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
                share.came(len(chunk))
        hashes[inner.as_posix()] = digest.hexdigest()
    return hashes


def _note(model: Model, folder: Path, hashes: dict[str, str]) -> None:
    """Write down what was taken in; ModelRefused where it is not what was published or first seen."""
    if model.kind == "gguf":
        hashes = {target(model): next(iter(hashes.values()))}
    record = read_record(folder, model.name)
    held = dict(record.files) if record else {}
    if model.sha256:
        held[model.file] = model.sha256
    if any(hashes.get(file, expected) != expected for file, expected in held.items()):
        raise ModelRefused(model=model.name, reason="changed")
    write_record(folder, Record(model.name, target(model), "import", hashes))


def _as_installed(name: str, place: Path, model: Model) -> Installed:
    return Installed(name, model.kind, place, _size(place), model, bundled=model.package is not None)


def _own_models(folder: Path) -> Iterator[Installed]:
    if not folder.is_dir():
        return
    for place in sorted(folder.iterdir()):
        if place.is_file() and place.suffix == ".gguf":
            model = by_file(place.name)
            yield Installed(model.name if model else place.stem, "gguf", place, _size(place), model)
        elif place.is_dir() and place.name != IMPORTS and folder_problem(place) is None:
            yield Installed(place.name.replace("--", "/", 1), _kind(place), place, _size(place))


def _kind(folder: Path) -> Kind:
    """What a model in the hub's layout is for."""
    if (folder / "modules.json").is_file():
        return "embedder"
    try:
        heads = str(json.loads((folder / "config.json").read_text("utf-8")).get("architectures"))
    except (OSError, ValueError, AttributeError):
        return "transformers"
    return next((kind for mark, kind in _HEADS if mark in heads), "embedder")


def _size(place: Path) -> int:
    if place.is_file():
        return place.stat().st_size
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


def _state(file: Path, expected: str) -> State:
    if not file.is_file():
        return "missing"
    return "ok" if sha256(file) == expected else "changed"
