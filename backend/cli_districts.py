"""``tongxing districts``: installations that share the districts of a city between them.

The directory of districts (see :mod:`backend.schools.directory`) says which installation
serves which; from the same file comes the configuration of an nginx that stands before
them all and sends every request to the right one without asking anybody.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from backend.schools.directory import Directory, directory_of, read
from backend.settings import Settings, SettingsError

File = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, readable=True, help="The directory (TONGXING_DISTRICTS_FILE)."
    ),
]
AWAY_SECONDS = 5
"""After how long a phone may ask again for an installation that does not answer."""
SILENCE_SECONDS = 3600
"""How long a live connection may say nothing."""

districts = typer.Typer(
    help="区县分库 · districts with installations of their own.", no_args_is_help=True
)


@districts.command("check")
def check(file: File) -> None:
    """检查目录 · Read the directory and show who serves which district."""
    directory = _read(file)
    for name, shard in directory.shards.items():
        mine = [entry for entry in directory.districts if entry.shard == name]
        listed = "、".join(f"{entry.name}({entry.code})" for entry in mine) or "—"
        typer.echo(f"✓ {name}  {shard.url}  {listed}")


@districts.command("gateway")
def gateway(
    file: File,
    door: Annotated[
        str | None, typer.Option(help="A host for all: requests go where their token says.")
    ] = None,
    listen: Annotated[str, typer.Option(help="What nginx listens on.")] = "80",
    certificate: Annotated[
        str | None, typer.Option(help="The TLS certificate file on the gateway.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The certificate's private key file.")] = None,
) -> None:
    """网关配置 · Print an nginx configuration (for its http block) that routes by district."""
    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key go together")
    tls = None if certificate is None or key is None else (certificate, key)
    directory = _read(file)
    if unreached := [name for name, shard in directory.shards.items() if not shard.upstream]:
        raise typer.BadParameter(f"no upstream is listed for {', '.join(unreached)}")
    typer.echo("\n".join(configuration(directory, door=door, listen=listen, tls=tls)))


def placed(settings: Settings) -> Settings:
    """Return the settings, if the directory says the same of this installation.

    Raises ``SettingsError``.
    """
    directory_of(settings)
    return settings


def configuration(
    directory: Directory, *, door: str | None, listen: str, tls: tuple[str, str] | None
) -> Iterator[str]:
    """Yield the lines of nginx's configuration.

    A shard answers at its own host, or under its own prefix of a host. At ``door`` and at
    every host that only has prefixes, what bears a token goes to the token's shard; anybody
    may read the directory there, and all else is told to (421).
    """
    yield "# 由 tongxing districts gateway 生成 · generated; change the directory instead."
    yield from _maps(directory)
    for name, shard in directory.shards.items():
        yield from _upstream(name, shard.upstream)
    yield from _upstream("any", [one for s in directory.shards.values() for one in s.upstream])
    for host, prefixes in _hosts(directory, door).items():
        yield "server {"
        yield f"    listen {listen}{' ssl' if tls else ''};"
        yield f"    server_name {host};"
        if tls:
            yield f"    ssl_certificate {tls[0]};"
            yield f"    ssl_certificate_key {tls[1]};"
        yield MANNERS
        yield from _answer("away", 503, "busy", "Service unavailable", {})
        for prefix, name in prefixes.items():
            yield from _passed_on(prefix, f"tongxing_{name}")
        if "" not in prefixes:
            yield from _location("= /v1/districts", "tongxing_any")
            yield from _passed_on("", "$tongxing_upstream", *NAMELESS)
            yield "    error_page 421 = @tongxing_astray;"
            nowhere = {"shard": None, "url": None}
            yield from _answer("astray", 421, "misdirected", "Misdirected request", nowhere)
        yield "}"


def _read(file: Path) -> Directory:
    try:
        return read(file)
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error


def _hosts(directory: Directory, door: str | None) -> dict[str, dict[str, str]]:
    """Return, by host, which shard answers under which prefix of its paths."""
    hosts: dict[str, dict[str, str]] = {} if door is None else {door: {}}
    for name, shard in directory.shards.items():
        url = urlsplit(shard.url)
        hosts.setdefault(str(url.hostname), {})[url.path] = name
    return hosts


def _maps(directory: Directory) -> Iterator[str]:
    yield "# A token names the installation that issued it; that is no proof of anything."
    yield "map $http_authorization $tongxing_upstream {"
    yield '    default "";'
    for name in directory.shards:
        yield f'    "~^(?i)bearer(?-i) +tx_a_{name}\\." tongxing_{name};'
    yield "}"
    yield MAPS


def _upstream(name: str, addresses: Iterable[str]) -> Iterator[str]:
    yield f"upstream tongxing_{name} {{"
    for address in addresses:
        yield f"    server {address} max_fails=1 fail_timeout=2s;"
    # An API process hangs up on a connection that is quiet for ten seconds; we go first.
    yield "    keepalive 64;"
    yield "    keepalive_timeout 5s;"
    yield "}"


def _passed_on(prefix: str, upstream: str, *before: str) -> Iterator[str]:
    """Pass everything under ``prefix`` on without it; live connections may be long silent."""
    cut = (f"rewrite ^{prefix}(/.*)$ $1 break;",) if prefix else ()
    yield from _location(
        f"= {prefix}/v1/live", upstream, *before, *cut, f"proxy_read_timeout {SILENCE_SECONDS}s;"
    )
    yield from _location(f"{prefix}/", upstream, *before, *cut)


def _location(where: str, upstream: str, *before: str) -> Iterator[str]:
    yield f"    location {where} {{"
    for line in (*before, f"proxy_pass http://{upstream};"):
        yield f"        {line}"
    yield "    }"


def _answer(name: str, status: int, code: str, title: str, facts: dict[str, None]) -> Iterator[str]:
    """Yield what nginx itself answers, in the same form as the API's refusals."""
    problem = {
        "type": f"urn:tongxing:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": f"$tongxing_{name}",
        "instance": "",
        "requestId": "$request_id",
        "retryable": status == 503,
        "fieldErrors": [],
        "facts": facts,
    }
    yield f"    location @tongxing_{name} {{"
    yield "        internal;"
    yield "        default_type application/problem+json;"
    yield "        add_header Content-Language $tongxing_language always;"
    yield "        add_header Cache-Control no-store always;"
    yield "        add_header X-Request-Id $request_id always;"
    yield "        add_header X-Content-Type-Options nosniff always;"
    if status == 503:
        yield f"        add_header Retry-After {AWAY_SECONDS} always;"
    yield f"        return {status} '{json.dumps(problem)}';"
    yield "    }"


NAMELESS = ('if ($tongxing_upstream = "") { return 421; }',)

MAPS = """\
map $http_upgrade $tongxing_connection {
    default upgrade;
    "" "";
}
map $http_accept_language $tongxing_language {
    default zh-CN;
    "~*^en" en;
}
map $tongxing_language $tongxing_away {
    default "该区的服务暂时无法访问，请稍后再试。";
    en "This district's service cannot be reached; please try again shortly.";
}
map $tongxing_language $tongxing_astray {
    default "请先在区县目录中选择您所在的区。";
    en "Please choose your district in the directory first.";
}"""

MANNERS = """\
    server_tokens off;
    client_max_body_size 24m;
    # An empty part of a path must arrive: the API refuses it, for a lost id widens what is meant.
    merge_slashes off;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $tongxing_connection;
    proxy_connect_timeout 2s;
    proxy_read_timeout 60s;
    proxy_max_temp_file_size 0;
    # Only what nginx itself has to say: the API's own refusals pass as they are.
    error_page 502 503 504 = @tongxing_away;"""
