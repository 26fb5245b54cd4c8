"""What a process does to be seen: put together once, for the API and the worker alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Literal

from backend import batching, replicas
from backend.observability import figures, metrics, pools
from backend.observability.tracing import Tracer, tracer_for
from backend.settings import Settings
from notifications.scheduler import Job

Work = Callable[[], Awaitable[object]]

metrics.count(
    "tongxing_replica_reads",
    "Reads that a replica may answer, by who did.",
    "answered",
    lambda: replicas.answered,
)
metrics.count("tongxing_batches", "Batches settled.", "what", lambda: batching.batches)
metrics.count(
    "tongxing_requests_settled", "Requests settled in them.", "what", lambda: batching.settled
)


@dataclass(frozen=True, slots=True)
class Watch:
    """How one process is watched; what is not set costs nothing."""

    settings: Settings
    tracer: Tracer | None

    @property
    def measures(self) -> bool:
        return self.settings.metrics_port is not None

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the pools and answer Prometheus; just inside ``database()``, before the
        first statement. Leaving sends the spans that are left.
        """
        with pools.watched(measured=self.measures, tracer=self.tracer):
            async with metrics.served(self.settings):
                try:
                    yield
                finally:
                    if self.tracer is not None:
                        await asyncio.to_thread(self.tracer.close)

    def work(self, kind: Literal["round", "job"], name: str, work: Work) -> Work:
        """Return ``work``, counted, timed and traced."""
        if self.measures:
            work = metrics.timed(kind, name, work)
        tracer = self.tracer
        if tracer is None:
            return work

        async def traced() -> object:
            with tracer.work(kind, name):
                return await work()

        return traced

    def jobs(self, jobs: Iterable[Job]) -> list[Job]:
        """Return the jobs of the timetable, each watched."""
        return [replace(job, run=self.work("job", job.name, job.run)) for job in jobs]

    def post(self, causes: Iterable[str]) -> AbstractContextManager[None]:
        """Trace carrying letters, linked to the requests that left them."""
        return nullcontext() if self.tracer is None else self.tracer.work("post", "carry", causes)

    async def tell_figures(self, stop: asyncio.Event) -> None:
        """Tell Prometheus what only the database knows, until ``stop`` is set."""
        if self.measures:
            await figures.tell_prometheus(stop)


def watch(settings: Settings, process: str) -> Watch:
    """Return how this process is watched by its settings."""
    return Watch(settings, tracer_for(settings, process))
