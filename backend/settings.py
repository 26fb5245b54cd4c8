"""Everything that differs between one installation and another, read once.

Each field is read from ``TONGXING_<FIELD>``; ``TONGXING_<FIELD>_FILE`` names a file
that holds the value instead, for secrets mounted by a container engine.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

DEMO_SECRET = "tongxing-demo-secret-not-for-production-0001"


class SettingsError(Exception):
    """The environment does not describe an installation that may start."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One installation, immutable for the life of the process.

    Durations are in seconds, sizes in bytes.
    """

    environment: Literal["demo", "test", "production"] = "demo"
    database_url: str | None = None
    """A PostgreSQL 18 DSN. Unset: the embedded server is started in ``data_dir``."""
    data_dir: Path = Path(".tongxing")
    """Where the embedded database and the uploaded files live."""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    """Where people reach this installation, for addresses printed on paper."""
    shard: Annotated[str, Meta(pattern=r"^([a-z][a-z0-9]{0,15})?$")] = ""
    """The name of this installation where districts have databases of their own."""
    districts_file: Path | None = None
    """The directory of all such installations and their districts, the same file for each."""
    api_processes: int = 1
    pool_size: int = 10
    """Database connections a process may hold."""
    request_seconds: Annotated[float, Meta(gt=0)] = 7.0
    """How long a request may take before it is given up and the phone told to ask again."""
    secret_key: str = DEMO_SECRET
    """Key of every HMAC: sign-in codes, refresh families, cursors, file links."""
    replica_urls: tuple[str, ...] = ()
    """DSNs of streaming standbys that may answer lists and reports, separated by commas."""
    replica_patience: Annotated[float, Meta(ge=0, le=10)] = 0.3
    """Seconds a list waits for a standby to catch up before the primary answers it."""
    valkey_url: Annotated[str, Meta(pattern=r"^(valkeys?|rediss?|unix)://")] | None = None
    """A Valkey that several hosts share for live events and limits, ``valkey://…`` or, with
    TLS, ``valkeys://…``. Unset: PostgreSQL does both."""
    sms_gateway: Literal["console", "http"] = "console"
    sms_url: str | None = None
    sms_secret: str | None = None
    push_provider: Literal["console", "fcm"] = "console"
    fcm_credentials: Path | None = None
    """The service account file of a Firebase project."""
    fcm_endpoint: str | None = None
    """Overrides where messages are posted; ``{0}`` stands for the project id."""
    storage_bucket: str | None = None
    """A bucket of an S3-compatible store. Unset: files lie in ``data_dir``."""
    storage_endpoint: str | None = None
    """Where that store answers; unset: Amazon. It begins with the bucket's name where the
    store wants the bucket in the host name."""
    storage_region: str = "us-east-1"
    storage_access_key: str | None = None
    storage_secret_key: str | None = None
    accel_prefix: Annotated[str, Meta(pattern=r"^/[A-Za-z0-9_-]{1,64}/$")] | None = None
    """The address inside the nginx in front below which it finds the files of this
    installation, as ``tongxing gateway`` writes it; the API then checks links and nginx sends
    the bytes. Unset, or with a bucket: the API sends them."""
    video_ladder: bool = True
    """Whether films get versions for weak networks, where the encoder is installed."""
    school_quota_gib: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    """How much one school's files may fill, in GiB."""
    ballot_keys: tuple[Path, ...] = ()
    """Where the keys of secret votes lie; each is split over these directories. Unset: in
    ``data_dir``. Every process of every machine needs the same ones, and no backup does."""
    backup_dir: Path | None = None
    """Where backups are kept, best on another machine's disk. Unset: in ``data_dir``."""
    backup_key: Path | None = None
    """A file with the key backups are encrypted with; without it they are kept in the clear."""
    backup_days: Annotated[int, Meta(ge=1, le=3650)] = 35
    """Any moment of the last so many days can be restored."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose ``X-Forwarded-For`` is believed."""
    log_format: Literal["console", "json"] = "console"
    access_log: Literal["auto", "on", "off"] = "auto"
    """One line for each request; ``auto``: where logs are JSON."""
    metrics_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    """Where Prometheus finds this process; every further process of the machine takes the
    next free port. Unset: nothing is measured."""
    metrics_host: str = "127.0.0.1"
    otlp_endpoint: str | None = None
    """Where traces are sent (OTLP over HTTP, ``…/v1/traces``). Unset: nothing is traced."""
    trace_share: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """The share of requests that are traced."""
    disk_floor: Annotated[int, Meta(ge=0)] = 32 * 1024 * 1024
    """With less free space than this in ``data_dir``, a process calls itself not ready."""
    worker_tick: float = 1.0
    """Seconds between a worker's looks for work that did not announce itself."""
    push_lease: float = 60.0
    """Seconds after which another worker takes over a dead worker's batch of pushes."""

    @property
    def site(self) -> str:
        """Return where people reach this installation, without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def ballot_key_directories(self) -> tuple[Path, ...]:
        """Return the directories that each hold a share of every key."""
        return self.ballot_keys or (self.data_dir / "ballot-keys",)

    @property
    def logs_requests(self) -> bool:
        return self.access_log == "on" or (self.access_log == "auto" and self.log_format == "json")

    @property
    def handed_over(self) -> str | None:
        """Return where a proxy finds the files; ``None`` when they are not on its disk."""
        return None if self.storage_bucket else self.accel_prefix

    @property
    def vault(self) -> Path:
        """Return the directory backups are kept in."""
        return self.backup_dir or self.data_dir / "backups"

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environ`` (the process environment when omitted).

    Raises :class:`SettingsError` when a value does not fit, and in production when a
    secret is missing or still the demo's; the message names every such setting.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, str] = {}
    for field in Settings.__struct_fields__:
        name = f"TONGXING_{field.upper()}"
        if path := environ.get(f"{name}_FILE"):
            given[field] = Path(path).read_text(encoding="utf-8").strip()
        elif (value := environ.get(name)) not in (None, ""):
            given[field] = value or ""
    wanted: dict[str, object] = dict(given)
    for field in ("trusted_proxies", "ballot_keys", "replica_urls"):
        if field in given:
            wanted[field] = given[field].split(",")
    try:
        settings = msgspec.convert(wanted, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"TONGXING settings: {error}") from error
    _check_secrets(settings)
    return settings


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)


def _check_secrets(settings: Settings) -> None:
    if not settings.is_production:
        return
    wrong = []
    if settings.secret_key == DEMO_SECRET or len(settings.secret_key) < 32:
        wrong.append("TONGXING_SECRET_KEY (at least 32 random characters)")
    if settings.database_url is None:
        wrong.append("TONGXING_DATABASE_URL (the embedded server is for demos and tests)")
    if settings.sms_gateway == "console":
        wrong.append("TONGXING_SMS_GATEWAY (the console gateway prints codes)")
    if settings.sms_gateway == "http" and not (settings.sms_url and settings.sms_secret):
        wrong.append("TONGXING_SMS_URL and TONGXING_SMS_SECRET")
    if settings.push_provider == "fcm" and settings.fcm_credentials is None:
        wrong.append("TONGXING_FCM_CREDENTIALS (a service account file)")
    if settings.storage_bucket and not (
        settings.storage_access_key and settings.storage_secret_key
    ):
        wrong.append("TONGXING_STORAGE_ACCESS_KEY and TONGXING_STORAGE_SECRET_KEY")
    if not _is_private(settings.storage_endpoint):
        wrong.append("TONGXING_STORAGE_ENDPOINT (https, unless on this machine)")
    if wrong:
        raise SettingsError("production refuses to start; set: " + "; ".join(wrong))


def _is_private(endpoint: str | None) -> bool:
    """Say whether what is sent there can be read on the way by nobody else."""
    if endpoint is None:
        return True
    url = urlsplit(endpoint)
    return url.scheme == "https" or (
        url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost", "::1")
    )
