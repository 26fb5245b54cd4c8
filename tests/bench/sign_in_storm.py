"""J9: after a night everybody comes back in the same moment.

Two thousand phones whose token has ended renew it, five hundred people type the code they
were sent, each on a connection of its own.
"""

import asyncio
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec

from backend import clock
from backend.database import database, transaction
from backend.people.models import SignInCode
from backend.people.operations import sessions
from backend.people.tokens import keys_for, new_request_id
from backend.settings import DEMO_SECRET
from tests.bench import district, meter, pgbench
from tests.bench import ground as grounds
from tests.bench.figures import Check, Figure, Findings, Load, split
from tests.bench.ground import Ground
from tests.drills import surge

REFRESHES, CODES = 2_000, 500
SCHOOL = 2
ROUNDS = 3
CLIENTS = 64
CODE = "314159"
KEYS = keys_for(DEMO_SECRET)
YARDSTICK = f"""
CREATE TABLE bench.family (id int PRIMARY KEY, generation int NOT NULL) WITH (fillfactor = 50);
CREATE TABLE bench.token (family int, generation int, digest text, PRIMARY KEY (digest));
INSERT INTO bench.family SELECT i, 0 FROM generate_series(0, {REFRESHES} - 1) i;
"""
LIMIT = f"""
\\set i random(0, {REFRESHES} - 1)
WITH t AS (UPDATE bench.family SET generation = generation + 1 WHERE id = :i
           RETURNING id, generation)
INSERT INTO bench.token SELECT id, generation, gen_random_uuid()::text FROM t;
"""
"""A family turned by one and its new token, with nothing proved and nobody looked up."""
_TURNED = "SELECT sum(generation) FROM sessions WHERE id = ANY($1::uuid[])"
_SPENT = "SELECT count(*) FROM sign_in_codes WHERE id = ANY($1::uuid[]) AND used_at IS NOT NULL"
_OPENED = """
SELECT count(*) FROM sessions WHERE device_key = ANY($1::text[]) AND revoked_at IS NULL
"""


class Crowd:
    """Everybody who comes back."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection
        self.families: list[UUID] = []
        self.refreshes: list[bytes] = []
        self.storms = self.renewed = 0
        self.wrong = dict.fromkeys(("unanswered", "unturned", "unspent", "unopened"), 0)

    async def settle_in(self, ground: Ground) -> None:
        """Sign the phones in whose tokens will be renewed."""
        gate = asyncio.Semaphore(ground.settings.pool_size)

        async def one(number: int) -> None:
            person = district.guardian(SCHOOL, number)
            device = sessions.Device(key=secrets.token_hex(8), name="bench", platform="android")
            async with gate, transaction():
                await sessions.lock_person(person)
                signed = await sessions.open_session(
                    person, device, "code", keys=KEYS, now=clock.now()
                )
            self.families.append(signed.session_id)
            self.refreshes.append(
                _post("refresh", refreshToken=signed.refresh_token, deviceId=device.key)
            )

        await asyncio.gather(*(one(number) for number in range(REFRESHES)))

    async def storm(self, ground: Ground, port: int, pid: int) -> Load:
        """Let everybody come back at once, and look what became of it."""
        codes, devices, typed = await self._codes()
        self.storms += 1
        kinds = [
            surge.Kind(name="refresh", weight=4, requests=self.refreshes, chained=True),
            surge.Kind(name="code", weight=1, requests=typed),
        ]
        everybody = REFRESHES + CODES
        plan = surge.Plan(
            port=port, seconds=2, rate=1e-6, kinds=kinds, at_once=everybody,
            connections=everybody, fresh=0, patience=60, once=True,
        )  # fmt: skip
        report, load = await _let_loose(ground, plan, pid)
        self.refreshes[:] = report.requests[0]
        wrong, look = self.wrong, self.connection.fetchval
        renewed, signed_in = (
            sum(one.kind == kind and 200 <= one.status < 300 for one in report.seen)
            for kind in (0, 1)
        )
        self.renewed += renewed
        wrong["unanswered"] += everybody - renewed - signed_in
        wrong["unturned"] += abs(await look(_TURNED, self.families) - self.renewed)
        wrong["unspent"] += abs(await look(_SPENT, codes) - signed_in)
        wrong["unopened"] += abs(await look(_OPENED, devices) - signed_in)
        return load

    async def _codes(self) -> tuple[list[UUID], list[str], list[bytes]]:
        """Leave codes as if they had been asked for; nobody has read them but us."""
        codes, devices, typed = [], [], []
        rows = []
        for number in range(CODES):
            code, device = new_request_id(), secrets.token_hex(8)
            digits = SCHOOL * 1_000_000 + REFRESHES + self.storms * CODES % 1_000 + number
            rows.append(
                SignInCode(
                    id=code,
                    phone=f"+8613{digits:09}",
                    device_key=device,
                    digest=KEYS.code_digest(code, CODE),
                    expires_at=clock.now() + timedelta(minutes=5),
                )
            )
            codes.append(code)
            devices.append(device)
            typed.append(
                _post(
                    "sessions",
                    requestId=str(code),
                    code=CODE,
                    deviceId=device,
                    deviceName="bench",
                    platform="android",
                )
            )
        await SignInCode.bulk_create(rows)
        return codes, devices, typed


def run(ground: Ground) -> Findings:
    """Measure in interleaved rounds."""
    return asyncio.run(_run(ground))


async def _run(ground: Ground) -> Findings:
    connection = await asyncpg.connect(ground.dsn)
    loads: dict[str, list[Load]] = {}
    try:
        await connection.execute(YARDSTICK)
        async with database(ground.dsn, ground.settings, name="bench"):
            crowd = Crowd(connection)
            await crowd.settle_in(ground)
            with ExitStack() as stack:
                served = {n: stack.enter_context(ground.product(n)) for n in (1, 2)}
                for _ in range(min(ground.rounds, ROUNDS)):
                    for processes, (port, pid) in served.items():
                        load = await crowd.storm(ground, port, pid)
                        loads.setdefault(f"storm {processes}", []).append(load)
                    loads.setdefault("limit", []).append(
                        pgbench.run(
                            ground.server, grounds.DATABASE, LIMIT, clients=CLIENTS,
                            seconds=ground.seconds, postmaster=ground.postmaster,
                        )
                    )  # fmt: skip
    finally:
        await connection.close()
    return _findings(ground.settle(loads), loads, crowd)


async def _let_loose(ground: Ground, plan: surge.Plan, pid: int) -> tuple[surge.Report, Load]:
    with tempfile.TemporaryDirectory(prefix="tongxing-storm-") as scratch:
        file = Path(scratch) / "plan"
        file.write_bytes(msgspec.msgpack.encode(plan))
        roots = {"app": [pid], "database": [ground.postmaster], "bench": [os.getpid()]}
        before = meter.read(**roots)
        await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", surge.__name__, str(file)],
            check=True,
            timeout=plan.seconds + plan.patience + 60,
        )
        after = meter.read(**roots)
        raw = (file.parent / "plan.seen").read_bytes()
        report = msgspec.msgpack.decode(raw, type=surge.Report)
    used = {name: after.groups[name] - before.groups[name] for name in after.groups}
    waits = sorted(one.waited for one in report.seen)
    each = 1e6 / len(waits)
    return report, Load(
        rate=len(waits) / waits[-1],
        p50=waits[len(waits) // 2] * 1e3,
        p99=waits[len(waits) * 99 // 100] * 1e3,
        done=len(waits),
        refused=sum(one.status >= 300 for one in report.seen),
        client=report.cpu * each,
        app=used["app"] * each,
        database=used["database"] * each,
        strangers=meter.strangers(before, after, used["bench"] + used["database"]),
    )


def _post(path: str, **members: str) -> bytes:
    body = msgspec.json.encode(members)
    head = f"POST /v1/auth/{path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _findings(found: dict[str, Load], loads: dict[str, list[Load]], crowd: Crowd) -> Findings:
    yardstick = "pgbench, a family turned and its token"

    def last(processes: int) -> Figure:
        name = f"storm {processes}"
        times = [load.done / load.rate for load in loads[name]]
        return Figure(
            job="J9",
            measured=f"{REFRESHES:,} refreshes and {CODES} codes at once, {processes} process"
            + ("es" if processes > 1 else "")
            + ": the last is in after",
            value=statistics.median(times),
            unit="s",
            yardstick_name=yardstick,
            yardstick=(REFRESHES + CODES) / found["limit"].rate,
            note=split(found[name]),
        )

    claims = {
        "unanswered": "everybody who came back was let in at the first try",
        "unturned": "as many generations were turned as phones were told of",
        "unspent": "as many codes are used up as let somebody in",
        "unopened": "and each of them opened one session",
    }
    return Findings(
        figures=[last(1), last(2)],
        checks=[
            Check(job="J9", claim=f"{claims[name]} ({number:,})", holds=number == 0)
            for name, number in crowd.wrong.items()
        ],
    )
