"""Import of model files that were brought to this machine by other means."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.core.errors import Cancelled, ModelRefused, NameTaken
from rag.models.catalogue.checksums import Record, read_record, write_record
from rag.models.catalogue.files import check_folder, check_gguf, kind_of, sha256
from rag.models.catalogue.known_models import Model, by_file, known, unlisted
from rag.models.catalogue.transfers import (
    Meter,
    OnProgress,
    check_room,
    ignore,
    never,
    own_partial,
    put_in_place,
    target,
)

_CHUNK = 4 * 2**20
# Characters that a model's name cannot have.
_NOT_IN_NAMES = re.compile(r"[^\w.]+")
# Files of a folder that are copied: none of these formats can carry code.
_SUFFIXES = {".safetensors", ".json", ".txt", ".model", ".jinja"}


def take_in(
    path: Path,
    folder: Path,
    *,
    move: bool = False,
    on_progress: OnProgress = ignore,
    cancelled: Callable[[], bool] = never,
) -> str:
    """Copy a GGUF file or a folder in Hugging Face layout into the models folder; the model's name there.

    With `move` it is moved, which needs the same file system and no further disk space.

    Raises:
        ModelNotOnDisk: there is nothing at that path.
        ModelNeedsGguf, ModelRefused: not a loadable model, or not the one that was first seen under this name.
        NameTaken, NoRoomForModel, DownloadRunning, Cancelled
    """
    # A link's target belongs to somebody else: it is copied.
    move = move and not path.is_symlink()
    path = path.expanduser().resolve()
    model, files = _identify(path)
    place = folder / target(model)
    if place.exists():
        raise NameTaken(name=model.name)
    folder.mkdir(parents=True, exist_ok=True)
    root = path.parent if path.is_file() else path
    if move:
        _record(model, folder, {file.relative_to(root).as_posix(): sha256(file) for file in files})
        put_in_place(path, place)
        return model.name
    total = sum(file.stat().st_size for file in files)
    with own_partial(folder, model.name) as partial:
        check_room(model.name, folder, total)
        try:
            _record(model, folder, _copy(root, files, partial, Meter(total, on_progress, cancelled)))
        except (Cancelled, KeyboardInterrupt, ModelRefused, OSError):
            shutil.rmtree(partial)
            raise
        put_in_place(partial / path.name if model.kind == "gguf" else partial, place)
    return model.name


def _identify(path: Path) -> tuple[Model, list[Path]]:
    """The model that a file or folder holds, judged by its content, and the files to copy."""
    name = _NOT_IN_NAMES.sub("-", path.stem if path.is_file() else path.name).strip("-.") or "model"
    if path.is_dir():
        check_folder(path, path.name)
        files = [file for file in path.rglob("*") if file.is_file() and file.suffix in _SUFFIXES]
        row = known(path.name.replace("--", "/")) or known(path.name)
        return (row if row and not row.file else unlisted(name, kind_of(path))), files
    check_gguf(path, path.name)
    return by_file(path.name) or unlisted(name, "gguf", file=f"{name}.gguf"), [path]


def _copy(root: Path, files: Sequence[Path], partial: Path, meter: Meter) -> dict[str, str]:
    """Copy the files; their SHA-256 by path, of the bytes that were read."""
    hashes = {}
    for file in files:
        inner = file.relative_to(root)
        (partial / inner).parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with file.open("rb") as source, (partial / inner).open("wb") as out:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
                meter.add(len(chunk))
        hashes[inner.as_posix()] = digest.hexdigest()
    return hashes


def _record(model: Model, folder: Path, hashes: dict[str, str]) -> None:
    """Write the hashes down. Raises ModelRefused where they differ from those published or first seen."""
    if model.kind == "gguf":
        hashes = {target(model): next(iter(hashes.values()))}
    record = read_record(folder, model.name)
    expected = dict(record.files) if record else {}
    if model.sha256:
        expected[model.file] = model.sha256
    if any(hashes.get(file, sha) != sha for file, sha in expected.items()):
        raise ModelRefused(model=model.name, reason="changed")
    write_record(folder, Record(model.name, target(model), "import", hashes))
