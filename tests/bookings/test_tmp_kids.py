import psutil, pytest, time
from tests.bookings.crowd import houses
async def test_it(clone, tmp_path):
    async with houses(await clone("kids"), tmp_path) as h:
        for n in (0,1):
            p = psutil.Process(h.town.processes[f"api-{n}"].pid)
            print([(k.pid, k.ppid(), k.name(), k.cmdline()) for k in p.children(recursive=True)])
        assert 0
