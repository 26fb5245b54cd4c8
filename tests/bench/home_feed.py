"""J3: the home feed, beside what PostgreSQL and the framework could do at best."""

import asyncio
from contextlib import ExitStack

import httpx

from tests.bench import lean, pgbench, phones, trips
from tests.bench.counting import Statements
from tests.bench.figures import Check, Figure, Findings, Load, split
from tests.bench.ground import Ground, SignedIn

CONNECTIONS = 32
CLIENTS = 8


def run(ground: Ground) -> Findings:
    """Measure in interleaved rounds."""
    person = ground.people[0]
    statements, status = asyncio.run(_sent_for_one(ground, person))
    same = "".join(pgbench.as_script(one.sql, one.values, {}) for one in statements.sent)
    s2 = "\\set i random(1, 512)\n" + " ".join(lean.S2.split()) + ";\n"
    loads: dict[str, list[Load]] = {}
    with ExitStack() as stack:
        one, one_pid = stack.enter_context(ground.product(1))
        two, two_pid = stack.enter_context(ground.product(2))
        floor, floor_pid = stack.enter_context(ground.serving("tests.bench.floor"))
        feed = [phones.request("GET", "/v1/feed", who.token) for who in ground.people]
        bare = [
            phones.request("GET", f"/feed/{number}", "none")
            for number in range(1, len(ground.people) + 1)
        ]
        live = [phones.request("GET", "/health/live", "none")]
        again, right = asyncio.run(_with_etags(ground, one))

        def http(port: int, pid: int, requests: list[bytes]) -> Load:
            plan = phones.Plan(
                port=port, connections=CONNECTIONS, seconds=ground.seconds, requests=requests
            )
            return ground.load(plan, pid)[0]

        def alone(script: str) -> Load:
            return pgbench.run(
                ground.server,
                "bench",
                script,
                clients=CLIENTS,
                seconds=ground.seconds,
                postmaster=ground.postmaster,
            )

        for _ in range(ground.rounds):
            for name, load in (
                ("same", alone(same)),
                ("one", http(one, one_pid, feed)),
                ("s2", alone(s2)),
                ("two", http(two, two_pid, feed)),
                ("floor", http(floor, floor_pid, bare)),
                ("etag", http(one, one_pid, again)),
                ("ping", http(one, one_pid, live)),
            ):
                loads.setdefault(name, []).append(load)
    found = ground.settle(loads)
    refused = sum(load.refused for load in found.values())
    return Findings(
        figures=_figures(found, len(statements.sent)),
        checks=[
            Check(job="J3", claim=f"a feed answers {status}", holds=status == 200),
            Check(job="J3", claim="each person's feed holds 20 of their own notices", holds=right),
            Check(job="J3", claim="every request was answered 200 or 304", holds=refused == 0),
        ],
    )


def _figures(found: dict[str, Load], statements: int) -> list[Figure]:
    def figure(name: str, measured: str, limit: str, yardstick: str, goal: float | None) -> Figure:
        load = found[name]
        return Figure(
            job="J3",
            measured=measured,
            value=load.rate,
            unit="/s",
            yardstick_name=yardstick,
            yardstick=found[limit].rate,
            goal=goal,
            note=split(load),
        )

    return [
        figure("one", "feed, 1 process", "s2", "pgbench S2", 0.35),
        figure("two", "feed, 2 processes", "s2", "pgbench S2", 0.35),
        figure("one", "feed, 1 process", "same", "pgbench, same statements", None),
        figure("one", "feed, 1 process", "floor", "floor, 1 process", None),
        figure("etag", "feed unchanged, 304", "ping", "/health/live", 0.3),
        figure("same", "the same statements alone", "s2", "pgbench S2", None),
        figure("floor", "floor, 1 process", "s2", "pgbench S2", None),
        trips.figure("J3", "feed", statements, 3),
    ]


async def _sent_for_one(ground: Ground, person: SignedIn) -> tuple[Statements, int]:
    """Return what the product sends for one feed once it is warm, and its answer."""
    async with trips.listened(ground, person.token) as (phone, statements):
        await phone.get("/feed")
        await statements.count()
        statements.clear()
        answer = await phone.get("/feed")
        await statements.count()
        return statements, answer.status_code


async def _with_etags(ground: Ground, port: int) -> tuple[list[bytes], bool]:
    """Return requests that name the answer their sender already has, and whether the
    first pages looked right."""
    again, right = [], True
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for who in ground.people:
            answer = await client.get("/v1/feed", headers={"Authorization": f"Bearer {who.token}"})
            page = answer.json()
            own = [item for item in page["items"] if item["children"]]
            right = right and len(own) == 20 and page["unread"] > 0
            again.append(phones.request("GET", "/v1/feed", who.token, etag=answer.headers["etag"]))
    return again, right
