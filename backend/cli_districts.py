"""``tongxing districts``, ``tongxing gateway``: who stands before one installation or many.

The directory of districts (see :mod:`backend.schools.directory`) says which installation
serves which; from the same file comes the configuration of an nginx that stands before
them all and sends every request to the right one without asking anybody.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from backend.schools.directory import Directory, directory_of, read
from backend.settings import Settings, SettingsError, load
from backend.web.nginx import MANNERS, TONGUES, answer, house, location, passed_on, upstream

File = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, readable=True, help="The directory (TONGXING_DISTRICTS_FILE)."
    ),
]
FORBIDDEN = frozenset('"$\\;{}\n\r\0')
"""What would end a quoted value in nginx's language, or mean something in it."""

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


def register_districts(app: typer.Typer) -> None:
    """Put these commands into the program."""
    app.add_typer(districts, name="districts")
    app.command("gateway")(one)


def one(
    server: Annotated[
        list[str] | None, typer.Option(help="Where an API process answers; may be repeated.")
    ] = None,
    listen: Annotated[str, typer.Option(help="What nginx listens on.")] = "80",
    certificate: Annotated[str | None, typer.Option(help="The TLS certificate file.")] = None,
    key: Annotated[str | None, typer.Option(help="The certificate's private key file.")] = None,
    files: Annotated[
        Path | None, typer.Option(help="The folder of files as nginx sees it (DATA_DIR/files).")
    ] = None,
) -> None:
    """网关配置 · Print an nginx configuration (for its http block) before this installation."""
    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key go together")
    try:
        settings = load()
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    folder = (files or settings.data_dir / "files").absolute()
    said = (listen, str(folder), certificate or "", key or "", *(server or ()))
    if any(FORBIDDEN & set(value) for value in said):
        raise typer.BadParameter("a value holds a character that nginx would read as its own")
    lines = house(
        server or [f"{settings.host}:{settings.port}"],
        settings.handed_over,
        listen=listen,
        tls=None if certificate is None or key is None else (certificate, key),
        folder=folder,
    )
    typer.echo("\n".join(lines))


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
        yield from upstream(name, shard.upstream)
    yield from upstream("any", [one for s in directory.shards.values() for one in s.upstream])
    for host, prefixes in _hosts(directory, door).items():
        yield "server {"
        yield f"    listen {listen}{' ssl' if tls else ''};"
        yield f"    server_name {host};"
        if tls:
            yield f"    ssl_certificate {tls[0]};"
            yield f"    ssl_certificate_key {tls[1]};"
        yield MANNERS
        yield from answer("away", 503, "busy", "Service unavailable", {})
        for prefix, name in prefixes.items():
            yield from passed_on(prefix, f"tongxing_{name}")
        if "" not in prefixes:
            yield from location("= /v1/districts", "tongxing_any")
            yield from passed_on("", "$tongxing_upstream", *NAMELESS)
            yield "    error_page 421 = @tongxing_astray;"
            nowhere = {"shard": None, "url": None}
            yield from answer("astray", 421, "misdirected", "Misdirected request", nowhere)
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
    yield TONGUES
    yield MAPS


NAMELESS = ('if ($tongxing_upstream = "") { return 421; }',)

MAPS = """\
map $tongxing_language $tongxing_away {
    default "该区的服务暂时无法访问，请稍后再试。";
    en "This district's service cannot be reached; please try again shortly.";
}
map $tongxing_language $tongxing_astray {
    default "请先在区县目录中选择您所在的区。";
    en "Please choose your district in the directory first.";
}"""
