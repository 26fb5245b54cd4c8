import socket, time, asyncio
async def test_idle(city):
    shard=city.shards["xa"]
    s=socket.create_connection(("127.0.0.1",shard.port))
    s.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    print(s.recv(4000)[:60])
    t=time.time(); s.settimeout(40)
    try: print("closed", s.recv(100), time.time()-t)
    except TimeoutError: print("still open", time.time()-t)
    # throughput of me with a token, foreign token
    import httpx
    from tests.scale.planting import TEACHER, PARENT
    ph=city.phone("xa", TEACHER); await ph.sign_in()
    for tgt in ("xa","ta"):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{city.shards[tgt].port}", headers={"Authorization":f"Bearer {ph.token}"}) as h:
            await h.get("/v1/me")
            t=time.perf_counter()
            for _ in range(200): r=await h.get("/v1/me")
            print(tgt, r.status_code, (time.perf_counter()-t)/200*1000,"ms")
    par=city.phone("xa", PARENT); await par.sign_in()
    async with httpx.AsyncClient(base_url=par.base, headers={"Authorization":f"Bearer {par.token}"}) as h:
        r=await h.get("/v1/feed"); print(r.status_code, r.text[:300])
    if r.status_code==500:
        import os
        os.set_blocking(shard.process.stdout.fileno(), False)
        print(shard.process.stdout.read()[-3000:])
