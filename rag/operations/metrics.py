"""Metrics for Prometheus: questions, latencies, queue, documents, jobs, refusals, errors. Labels are codes of this
program only: never names, and nothing of what was asked, answered or read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rag.answering.background_runs import AnswerRuns
from rag.core.errors import RagError
from rag.core.types import Answer
from rag.library.store.counts import Counts
from rag.library.store.job_rows import State

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counters of one app process since its start, and the present sizes of the library."""

    def __init__(self, counts: Callable[[], Counts], runs: Callable[[], AnswerRuns]) -> None:
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "footnote_questions", "Questions answered, by what became of them.", ["outcome"], registry=self._registry
        )
        self._errors = Counter(
            "footnote_answer_errors", "Answers that an error ended, by its code.", ["error"], registry=self._registry
        )
        self._stopped = Counter("footnote_answers_stopped", "Answers that were stopped.", registry=self._registry)
        self._stages = Histogram(
            "footnote_stage_seconds",
            "Seconds of each stage of an answer.",
            ["stage"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_Now(counts, runs))

    def answered(self, answer: Answer) -> None:
        """Count a saved answer."""
        failed = answer.error is not None and not answer.quotes
        self._questions.labels("failed" if failed else answer.outcome).inc()
        if answer.error is not None:
            self._errors.labels(answer.error.key).inc()
        if answer.stopped:
            self._stopped.inc()
        for stage, seconds in answer.seconds.items():
            self._stages.labels(stage).observe(seconds)

    def page(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _Now(Collector):
    """Gauges that are read at each scrape: answers in progress, and the library."""

    def __init__(self, counts: Callable[[], Counts], runs: Callable[[], AnswerRuns]) -> None:
        self._counts, self._runs = counts, runs

    def describe(self) -> list[Metric]:
        # Without it the registry would call `collect` when this is registered.
        return []

    def collect(self) -> Iterator[Metric]:
        runs = self._runs()
        yield GaugeMetricFamily("footnote_answers_running", "Answers on their way.", value=runs.count())
        yield GaugeMetricFamily("footnote_queue", "Answers that wait for the model.", value=runs.count(waiting=True))
        try:
            counts = self._counts()
        except RagError:
            # The library cannot be read, which /ready reports.
            return
        yield GaugeMetricFamily("footnote_documents", "Documents in the library.", value=counts.documents)
        yield GaugeMetricFamily("footnote_chunks", "Chunks in the library.", value=counts.chunks)
        jobs = GaugeMetricFamily("footnote_jobs", "Documents to read, by the state of their job.", labels=["state"])
        for state in get_args(State):
            jobs.add_metric([state], counts.jobs.get(state, 0))
        yield jobs
