"""Display texts of models: facts, rating, download progress, current model."""

from __future__ import annotations

from rag.core.errors import ModelError
from rag.models.catalogue import embedder_facts, shown_model
from rag.models.catalogue.transfers import Progress, gigabytes
from rag.models.installed import Entry
from rag.services import NO_MODEL, Services
from rag.ui.texts import Texts


def fitting(entry: Entry, texts: Texts) -> str:
    """A model's rating: `slow here, first word after about 40 s`."""
    if not entry.writes and entry.fit.mark != "no":
        return texts("models.fit_fits" if entry.memory else "models.fit_unknown")
    mark = texts(f"models.fit_{entry.fit.mark}")
    if entry.fit.seconds is None:
        return mark
    key = "models.seconds_measured" if entry.fit.measured else "models.seconds"
    return f"{mark} · {texts(key, seconds=entry.fit.seconds)}"


def facts(entry: Entry, texts: Texts) -> str:
    """A model in one line: kind, size, memory, context, languages, licence."""
    model = entry.model
    shown = [texts(f"models.kind_{entry.kind}")]
    shown.append(texts("models.size", size=gigabytes(entry.size)) if entry.size else texts("models.size_unknown"))
    if entry.memory:
        shown.append(texts("models.memory", size=gigabytes(entry.memory)))
    if model:
        shown.append(texts("models.context", count=model.context))
        shown.append(texts("models.languages_en" if model.languages == ("en",) else "models.languages_many"))
        shown.append(texts("models.licence", licence=model.licence))
    if entry.kind == "embedder" and not embedder_facts(entry.name).calibrated:
        shown.append(texts("models.uncalibrated"))
    if entry.here and entry.here.bundled:
        shown.append(texts("models.bundled"))
    elif entry.here and not model:
        shown.append(texts("models.own"))
    return " · ".join(shown)


def share(progress: Progress, texts: Texts) -> str:
    """Download progress with speed and time left."""
    sizes = {"done": gigabytes(progress.done), "total": gigabytes(progress.total)}
    left = progress.seconds_left
    if left is None:
        return texts("models.progress", **sizes)
    shown = (
        texts("models.left_seconds", count=left) if left < 120 else texts("models.left_minutes", count=round(left / 60))
    )
    return texts("models.progress_speed", **sizes, speed=gigabytes(round(progress.speed)), left=shown)


def model_at_work(services: Services, texts: Texts) -> str:
    """The current chat model and what it replaces, or why there is none."""
    try:
        choice = services.choice
    except ModelError as error:
        return texts("app.model_missing", reason=texts.failure(error.failure()))
    if choice is None:
        wanted = services.model_name
        return texts("app.quotes_only") if wanted == NO_MODEL else shown_model(wanted)
    if choice.stands_in_for:
        return texts("app.model_stand_in", wanted=choice.stands_in_for, used=choice.name)
    return shown_model(choice.name)


def embedder_at_work(services: Services, texts: Texts) -> str:
    """What the embedder replaces, or why there is none; "" where it is the configured one."""
    try:
        choice = services.embedder_choice
    except ModelError as error:
        return texts.failure(error.failure())
    if not choice.stands_in_for:
        return ""
    return texts("app.embedder_stand_in", wanted=choice.stands_in_for, used=choice.name)
