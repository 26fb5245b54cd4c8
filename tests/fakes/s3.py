"""An S3-compatible store on loopback, as its own process: ``python -m tests.fakes.s3``.

It prints one line of JSON with its endpoint. Objects are kept in memory and by moto.
"""

import json
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from backend.settings import Settings

KEY, SECRET = "a-key-of-the-tests", "a-secret-of-the-tests"


@contextmanager
def store() -> Iterator[str]:
    """Run the store and give its endpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.s3"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def make_bucket(endpoint: str) -> str:
    """Make an empty bucket; returns its name."""
    name = f"files-{secrets.token_hex(8)}"
    # The credential tells the fake which of Amazon's services is meant.
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/x"}
    httpx.put(f"{endpoint}/{name}", headers=signed).raise_for_status()
    return name


def settings_of(endpoint: str, bucket: str, data_dir: Path) -> Settings:
    """Return the settings of an installation that keeps its files there."""
    return Settings(
        environment="test",
        data_dir=data_dir,
        storage_bucket=bucket,
        storage_endpoint=endpoint,
        storage_access_key=KEY,
        storage_secret_key=SECRET,
    )


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(json.dumps({"endpoint": f"http://127.0.0.1:{server.port}"}) + "\n")
    sys.stdout.flush()
    signal.sigwait(signals)


if __name__ == "__main__":
    main()
