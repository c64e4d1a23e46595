"""The models of this machine, as the page and the command line see them: what is there, what fits, which one writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from rag.core.errors import ModelNotAtSource, ModelUnknown, SettingsInvalid
from rag.models.catalogue import MODELS, Kind, Model, choose, locate
from rag.models.catalogue.downloads import Progress, never, nobody, pull
from rag.models.catalogue.hardware_fit import Fit, Machine, Speed, fit, machine, read_speeds, write_speeds
from rag.models.catalogue.models_folder import (
    IMPORTS,
    Installed,
    described,
    installed,
    remove,
    take_in,
    verify,
    waiting,
)
from rag.models.catalogue.sources import NO_SOURCE, Source, source_for

# The model whose speed is measured where nothing is known: it comes with the packages.
MEASURED = "smollm2-135m-instruct"
_WRITERS: tuple[Kind, ...] = ("gguf", "transformers")
# The choice lies in the data folder, the measured speeds among the models.
_CHOSEN = "model.chosen"
_SPEEDS = ".speeds.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as it stands here: `here` is None where it is not on the disk; `size` in bytes, `memory` too."""

    name: str
    kind: Kind
    model: Model | None
    here: Installed | None
    fit: Fit
    size: int | None
    memory: int | None

    @property
    def writes(self) -> bool:
        return self.kind in _WRITERS

    @property
    def called(self) -> str:
        """The name by which it is chosen to write."""
        return f"hf:{self.name}" if self.kind == "transformers" else self.name


@dataclass(frozen=True)
class InstalledModels:
    """The models folder with all that is asked of it. `source` is the setting that names where models come from."""

    folder: Path
    state: Path
    source: str = "hub"
    intranet: Collection[str] = ()
    context_tokens: int = 4096
    offered: Collection[str] = field(default=())

    def entries(self) -> list[Entry]:
        """The models of the table, then those of one's own, each with how it fits."""
        here, speeds = machine(), self.speeds()
        there = {entry.name: entry for entry in installed([self.folder])}
        rows = [
            self._entry(model.name, model.kind, model, there.pop(model.name, None), here, speeds) for model in MODELS
        ]
        own = [self._entry(name, item.kind, item.model, item, here, speeds) for name, item in there.items()]
        return [*rows, *own]

    def entry(self, called: str) -> Entry | None:
        """The model that is chosen by this name; None where there is no such one."""
        return next((entry for entry in self.entries() if entry.called == called), None)

    def pull(
        self,
        name: str,
        *,
        accepted: bool = False,
        tell: Callable[[Progress], None] = nobody,
        cancelled: Callable[[], bool] = never,
    ) -> Path:
        """Bring a model here from the source that the administrator has set; nothing where it is here.

        Raises:
            ModelUnknown: no row of that name, and no repository.
            ModelError, AddressError, Cancelled: as `rag.models.catalogue.downloads.pull` tells them.
        """
        model = described(name)
        if model is None:
            raise ModelUnknown(model=name)
        if there := locate(model.name, [self.folder]):
            return there
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.source.startswith(("/", "~", ".")):
            return self._from_folder(model, Path(self.source).expanduser(), tell, cancelled)
        return pull(model, self.folder, self._source(model), accepted=accepted, tell=tell, cancelled=cancelled)

    def take_in(
        self,
        path: Path,
        *,
        move: bool = False,
        tell: Callable[[Progress], None] = nobody,
        cancelled: Callable[[], bool] = never,
    ) -> str:
        return take_in(path, self.folder, move=move, tell=tell, cancelled=cancelled)

    def verify(self, name: str) -> dict[str, str]:
        """How each file of a model stands to the hash it had at first: ok, changed, missing, or not_recorded."""
        return dict(verify(name, [self.folder]))

    def remove(self, name: str, *, forget: bool = False) -> int:
        """Remove a model from the models folder; the bytes that became free."""
        return remove(name, self.folder, forget=forget)

    def waiting(self) -> list[Path]:
        """What lies in the folder for imports."""
        return waiting(self.folder)

    @property
    def imports(self) -> Path:
        return self.folder / IMPORTS

    def choices(self) -> list[str]:
        """The models that may be chosen to write: those on the disk, and those that the administrator names.

        Models elsewhere (`openai:`, `hub:`) send words away, and `custom:` runs code: nobody but the
        administrator can bring one in.
        """
        there = [entry.called for entry in self.entries() if entry.here and entry.writes]
        return list(dict.fromkeys([*self.offered, *there]))

    @property
    def chosen(self) -> str:
        """The model that was chosen to write, or "" where none was, or it may not be chosen any more."""
        try:
            name = (self.state / _CHOSEN).read_text("utf-8").strip()
        except (OSError, ValueError):
            return ""
        return name if name in self.choices() else ""

    def choose(self, name: str) -> None:
        """Let another model write from now on.

        Raises:
            ModelUnknown: it may not be chosen.
        """
        if name not in self.choices():
            raise ModelUnknown(model=name)
        self.state.mkdir(parents=True, exist_ok=True)
        new = self.state / f"{_CHOSEN}.{os.getpid()}.new"
        new.write_text(name, "utf-8")
        new.replace(self.state / _CHOSEN)

    def speeds(self) -> dict[str, Speed]:
        """What was measured on this machine, by model."""
        return read_speeds(self.folder / _SPEEDS, machine())

    def note(self, name: str, speed: Speed) -> None:
        """Remember how fast a model was, where the folder can be written to."""
        with suppress(OSError):
            write_speeds(self.folder / _SPEEDS, machine(), {**self.speeds(), name: speed})

    def measure(self, stopping: Callable[[], None] = lambda: None) -> None:
        """Measure this machine on the bundled model, in a few seconds, unless that was done before.

        Raises:
            ModelError: that model is not here, or does not run.
        """
        if MEASURED in self.speeds():
            return
        from rag.models.llms.process import ModelProcess
        from rag.models.llms.speed_probe import measure

        choice = choose(MEASURED)
        process = ModelProcess(choice.path, MEASURED, context_tokens=2048, sha256=choice.sha256)
        try:
            if speed := measure(process, stopping):
                self.note(MEASURED, speed)
        finally:
            process.close()

    def _entry(
        self,
        name: str,
        kind: Kind,
        model: Model | None,
        item: Installed | None,
        here: Machine,
        speeds: dict[str, Speed],
    ) -> Entry:
        size = item.size if item else model.size if model else None
        row = model or Model(name, kind, "", "", None, "", self.context_tokens, ())
        memory = replace(row, size=size).memory(self.context_tokens)
        writes = kind in _WRITERS
        found = fit(memory, size, here, speeds.get(MEASURED) if writes else None, speeds.get(name) if writes else None)
        return Entry(name, kind, model, item, found, size, memory)

    def _source(self, model: Model) -> Source:
        if self.source == NO_SOURCE:
            raise ModelNotAtSource(model=model.name, source="RAG_MODEL_SOURCE=none")
        from huggingface_hub import get_token

        token = os.environ.get("HUGGINGFACEHUB_API_TOKEN") or get_token()
        return source_for(self.source, self.intranet, token)

    def _from_folder(
        self, model: Model, place: Path, tell: Callable[[Progress], None], cancelled: Callable[[], bool]
    ) -> Path:
        if not place.is_dir():
            raise SettingsInvalid(setting="RAG_MODEL_SOURCE", problem=str(place))
        found = locate(model.name, [place])
        if found is None:
            raise ModelNotAtSource(model=model.name, source=str(place))
        name = take_in(found, self.folder, tell=tell, cancelled=cancelled)
        there = locate(name, [self.folder])
        assert there is not None
        return there
