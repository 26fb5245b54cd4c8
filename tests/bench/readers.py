"""Phones that read ranges of a file: keep-alive connections, one range in flight on each.

One thread and no framework, so that the client costs little beside what it measures; the
bytes are received and let go. Run as ``python -m tests.bench.readers PLAN``; the answer is
the JSON of a :class:`tests.bench.phones.Outcome`, one request a range.
"""

import random
import select
import socket
import sys
import time
from pathlib import Path

import msgspec

from tests.bench.phones import WARM_SECONDS, Outcome

BUFFER = 256 * 1024


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for ranges of ``length`` bytes at places of chance in a file of ``size`` bytes."""

    port: int
    connections: int
    seconds: float
    path: str
    size: int
    length: int


class Reader:
    """One connection, and what is still to come of its answer."""

    def __init__(self, plan: Plan, number: int) -> None:
        self.plan = plan
        self.chance = random.Random(number)
        self.socket = socket.create_connection(("127.0.0.1", plan.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = b""
        self.left = 0
        self.right = True

    def ask(self) -> None:
        start = self.chance.randrange(self.plan.size - self.plan.length)
        self.head, self.left = b"", 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(
            f"GET {self.plan.path} HTTP/1.1\r\nHost: bench\r\n"
            f"Range: bytes={start}-{start + self.plan.length - 1}\r\n\r\n".encode()
        )

    def take(self, buffer: memoryview) -> bool:
        """Receive what has come; returns whether the answer is complete."""
        count = self.socket.recv_into(buffer)
        if count == 0:
            raise ConnectionError("hung up in the middle")
        if self.left > 0:
            self.left -= count
            return self.left == 0
        self.head += bytes(buffer[:count])
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = self.head[:end].lower()
        length = int(lines.split(b"content-length:")[1].split(b"\r", 1)[0])
        self.right = lines[9:12] == b"206" and length == self.plan.length
        self.left = length - (len(self.head) - end - 4)
        return self.left == 0


def read(plan: Plan) -> Outcome:
    """Carry the plan out."""
    cpu = time.process_time()
    readers = [Reader(plan, number) for number in range(plan.connections)]
    poll = select.epoll()
    by_file = {reader.socket.fileno(): reader for reader in readers}
    buffer = memoryview(bytearray(BUFFER))
    warm = time.perf_counter() + min(WARM_SECONDS, plan.seconds / 3)
    until = warm + plan.seconds
    for file, reader in by_file.items():
        poll.register(file, select.EPOLLIN)
        reader.ask()
    seen: list[float] = []
    refused: list[int] = []
    done, last, busy = 0, warm, len(readers)
    while busy:
        for file, _ in poll.poll():
            reader = by_file[file]
            if not reader.take(buffer):
                continue
            now = time.perf_counter()
            done += 1
            if not reader.right:
                refused.append(done)
            if reader.sent_at >= warm:
                seen.append(now - reader.sent_at)
                last = now
            if now < until:
                reader.ask()
            else:
                poll.unregister(file)
                reader.socket.close()
                busy -= 1
    seen = sorted(seen) or [0.0]
    return Outcome(
        rate=len(seen) / max(last - warm, 1e-9),
        p50=seen[len(seen) // 2] * 1e3,
        p99=seen[len(seen) * 99 // 100] * 1e3,
        done=done,
        sent=done,
        refused=refused,
        cpu=time.process_time() - cpu,
    )


if __name__ == "__main__":
    wanted = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(read(wanted)))
