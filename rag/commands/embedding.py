"""`python -m rag reembed`: a collection is embedded anew, with an embedder that reads its documents."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Annotated

import typer

from rag.commands.asking import DEFAULT, OWNER, CollectionName, named
from rag.commands.output import AsJson, Quiet, tell, texts
from rag.commands.progress import Step, bars
from rag.core import settings
from rag.core.errors import ModelNotOnDisk, RagError
from rag.models.catalogue import choose
from rag.services import Services, open_services

_LOOK_SECONDS = 0.2
_EMBEDDER = "Its name; left out, the one that reads the collection's documents best of those at hand."
app = typer.Typer(add_completion=False)


@app.command()
def reembed(
    collection: CollectionName = DEFAULT,
    embedder: Annotated[str, typer.Option("--embedder", help=_EMBEDDER)] = "",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Embed a collection anew; it is searched as before until all is done. Broken off, the next call goes on."""
    services = open_services(settings.load())
    store, target = services.store, named(services, collection)
    languages = {document.language for document in store.documents.list(OWNER, target.id)}
    wanted = _there(services, embedder) if embedder else services.embedders.better_for(target.embedder, languages)
    if wanted and wanted != target.embedder:
        job = store.jobs.enqueue(OWNER, target.id, wanted, "embedder", wanted)
        work_off(services, [job.id])
        ended = store.jobs.get(OWNER, job.id)
        store.jobs.dismiss(OWNER, job.id)
        if ended.failure:
            raise RagError.revive(ended.failure)
    now = store.collections.get(OWNER, target.id).embedder
    fields = {"collection": collection, "before": target.embedder, "embedder": now}
    key = "collections.kept_embedder" if now == target.embedder else "collections.reembedded"
    tell(fields, [texts()(key, collection=collection, embedder=now or "–")], as_json, wrong=())


def work_off(services: Services, jobs: Sequence[str]) -> None:
    """Do these jobs of the readers' queue; this process is one of the readers until they have ended."""
    from rag.ingestion.worker import run_jobs

    store, stopping = services.store, threading.Event()

    def until_all_ended(step: Step) -> None:
        while store.jobs.unfinished(jobs) and not stopping.wait(_LOOK_SECONDS):
            step(sum(not store.jobs.unfinished([job]) for job in jobs), len(jobs))
        stopping.set()

    if jobs:
        with bars() as shown, shown.bar("") as step:
            threading.Thread(target=until_all_ended, args=(step,), daemon=True).start()
            run_jobs(services.ingest, stopping)


def _there(services: Services, name: str) -> str:
    """The embedder's name. Raises ModelUnknown or ModelNotOnDisk."""
    choice = choose(name, [services.settings.models_folder], kind="embedder")
    if choice.stands_in_for:
        raise ModelNotOnDisk(model=name)
    return choice.name
