"""Which district is served where, when districts have installations of their own.

A *shard* is a whole installation (API, worker, database) that serves one district or a
few; the *directory* is a file that names them all, the same for every one of them:

    [shards.xa]
    url = "https://xa.example.cn"              # where people reach it
    upstream = ["10.0.1.11:8000"]              # where a gateway finds its API processes

    [[districts]]
    code = "350213"
    name = "翔安区"
    name_en = "Xiang'an"
    shard = "xa"
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from backend.errors import Refusal
from backend.settings import Settings, SettingsError

ShardName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]{0,15}$")]
Upstream = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.\-]{1,200}:[0-9]{1,5}$")]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9\-]{1,20}$")]
Url = Annotated[
    str, Meta(max_length=200, pattern=r"^https?://[a-z0-9.\-]+(:[0-9]{1,5})?(/[a-z0-9\-]+)*$")
]


class Shard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One installation: its address for people, and those of its API processes."""

    url: Url
    upstream: tuple[Upstream, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One district and the shard that serves it."""

    code: Code
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    name_en: Annotated[str, Meta(max_length=60)] | None = None
    shard: ShardName


class Directory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All districts and where they are served."""

    shards: dict[ShardName, Shard]
    districts: tuple[Entry, ...]

    def url_of(self, shard: str) -> str | None:
        """Return where people reach a shard, or ``None`` for one that is not listed."""
        found = self.shards.get(shard)
        return found.url if found else None

    def entry(self, code: str) -> Entry | None:
        """Return what is written of the district with this code."""
        return next((entry for entry in self.districts if entry.code == code), None)


class ServedElsewhere(Refusal):
    code = "served_elsewhere"
    zh = "该区（{district}）由{url}承载，请在那里建立。"
    en = "District {district} is served by {url}; please found it there."


class NotListed(Refusal):
    code = "district_not_listed"
    zh = "区县目录中没有{district}，请先写入目录。"
    en = "District {district} is not in the directory; please list it there first."


def check_founding(settings: Settings, code: str) -> None:
    """Refuse a district that the directory gives to another shard, or does not know.

    Raises :class:`ServedElsewhere`, :class:`NotListed` and ``SettingsError``.
    """
    directory = directory_of(settings)
    if directory is None:
        return
    entry = directory.entry(code)
    if entry is None:
        raise NotListed(district=code)
    if entry.shard != settings.shard:
        raise ServedElsewhere(district=code, url=directory.url_of(entry.shard))


def directory_of(settings: Settings) -> Directory | None:
    """Return the directory this installation stands in, or ``None`` when it stands alone.

    Raises ``SettingsError`` when the directory does not say of this shard what its own
    settings say.
    """
    if settings.districts_file is None:
        if settings.shard:
            raise SettingsError("TONGXING_SHARD needs TONGXING_DISTRICTS_FILE")
        return None
    directory = read(settings.districts_file)
    url = directory.url_of(settings.shard)
    if url is None:
        raise SettingsError(
            f"TONGXING_SHARD={settings.shard or '(unset)'} is not in {settings.districts_file}"
        )
    if url != settings.site:
        raise SettingsError(
            f"the directory says that {settings.shard} is reached at {url}; "
            f"TONGXING_PUBLIC_URL says {settings.site}"
        )
    if settings.is_production:
        unsafe = [shard.url for shard in directory.shards.values() if shard.url[:6] != "https:"]
        if unsafe:
            raise SettingsError(f"{settings.districts_file}: https, please: {', '.join(unsafe)}")
    return directory


@lru_cache(maxsize=8)
def read(path: Path) -> Directory:
    """Read a directory once per process. Raises ``SettingsError`` for a faulty one."""
    try:
        directory = msgspec.toml.decode(path.read_bytes(), type=Directory)
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(f"{path}: {error}") from error
    if faults := _faults(directory):
        raise SettingsError(f"{path}: {'; '.join(faults)}")
    return directory


def _faults(directory: Directory) -> list[str]:
    codes = [entry.code for entry in directory.districts]
    urls = [shard.url for shard in directory.shards.values()]
    doors = [door for shard in directory.shards.values() for door in shard.upstream]
    faults = [f"district {code} is listed twice" for code in _twice(codes)]
    faults += [f"{url} is given to two shards" for url in _twice(urls)]
    faults += [f"upstream {door} is given to two shards" for door in _twice(doors)]
    faults += [
        f"district {entry.code} is given to {entry.shard}, which is no shard"
        for entry in directory.districts
        if entry.shard not in directory.shards
    ]
    hosts = {urlsplit(url).hostname for url in urls if urlsplit(url).path == ""}
    # Whatever is asked of such a host is its shard's own, the other's prefix included.
    faults += [
        f"{url} lies under the address of another shard"
        for url in urls
        if urlsplit(url).path and urlsplit(url).hostname in hosts
    ]
    return faults


def _twice(values: list[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})
