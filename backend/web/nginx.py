"""What every nginx of ours is told, whatever stands behind it; and the one before a house.

The API decides whether a link opens a file and answers with the file's address inside nginx
(``X-Accel-Redirect``); nginx sends the part asked for with ``sendfile``.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

AWAY_SECONDS = 5
"""After how long a phone may ask again for an installation that does not answer."""
SILENCE_SECONDS = 3600
"""How long a live connection may say nothing."""


def house(
    servers: Sequence[str],
    prefix: str | None,
    *,
    listen: str,
    tls: tuple[str, str] | None,
    folder: Path,
) -> Iterator[str]:
    """Yield the configuration of an nginx before the API processes of one installation.

    What lies in ``folder`` it sends itself, below ``prefix`` and to nobody who asks for that;
    without a prefix it sends nothing itself.
    """
    yield "# 由 tongxing gateway 生成 · generated; change the settings instead."
    yield TONGUES
    yield SENTENCES
    yield from upstream("api", servers)
    yield "server {"
    yield f"    listen {listen}{' ssl' if tls else ''};"
    yield "    server_name _;"
    if tls:
        yield f'    ssl_certificate "{tls[0]}";'
        yield f'    ssl_certificate_key "{tls[1]}";'
    yield MANNERS
    yield "    # Only where files are asked for can the API point at one."
    yield "    proxy_ignore_headers X-Accel-Redirect;"
    yield from answer("away", 503, "busy", "Service unavailable", {})
    yield from passed_on("", "tongxing_api")
    if prefix is not None:
        yield from answer("gone", 404, "not_found", "Not found", {})
        yield LINKS
        yield f"    location {prefix} {{"
        yield f'        alias "{folder}/";'
        yield FILES
        yield "    }"
    yield "}"


def upstream(name: str, addresses: Iterable[str]) -> Iterator[str]:
    """Yield what nginx must know of the API processes at these addresses."""
    yield f"upstream tongxing_{name} {{"
    for address in addresses:
        yield f"    server {address} max_fails=1 fail_timeout=2s;"
    # An API process hangs up on a connection that is quiet for ten seconds; we go first.
    yield "    keepalive 64;"
    yield "    keepalive_timeout 5s;"
    yield "}"


def passed_on(prefix: str, upstream: str, *before: str) -> Iterator[str]:
    """Pass everything under ``prefix`` on without it; live connections may be long silent."""
    cut = (f"rewrite ^{prefix}(/.*)$ $1 break;",) if prefix else ()
    yield from location(
        f"= {prefix}/v1/live", upstream, *before, *cut, f"proxy_read_timeout {SILENCE_SECONDS}s;"
    )
    yield from location(f"{prefix}/", upstream, *before, *cut)


def location(where: str, upstream: str, *before: str) -> Iterator[str]:
    """Yield one location that passes on, after the lines ``before``."""
    yield f"    location {where} {{"
    for line in (*before, f"proxy_pass http://{upstream};"):
        yield f"        {line}"
    yield "    }"


def answer(name: str, status: int, code: str, title: str, facts: dict[str, None]) -> Iterator[str]:
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


TONGUES = """\
map $http_upgrade $tongxing_connection {
    default upgrade;
    "" "";
}
map $http_accept_language $tongxing_language {
    default zh-CN;
    "~*^en" en;
}"""

SENTENCES = """\
map $tongxing_language $tongxing_away {
    default "服务暂时无法访问，请稍后再试。";
    en "The service cannot be reached; please try again shortly.";
}
map $tongxing_language $tongxing_gone {
    default "没有找到您要的内容。";
    en "There is nothing here for you.";
}"""

LINKS = """\
    location /v1/attachments/ {
        # A link is a key: it stands in no log.
        access_log off;
        proxy_pass http://tongxing_api;
        # This undoes the word above, and is of no other effect: nothing is kept here.
        proxy_ignore_headers Expires;
    }"""

FILES = """\
        internal;
        access_log off;
        sendfile on;
        max_ranges 1;
        add_header Content-Security-Policy $upstream_http_content_security_policy always;
        add_header Cross-Origin-Resource-Policy same-site always;
        add_header X-Content-Type-Options nosniff always;
        add_header X-Request-Id $request_id always;
        error_page 404 = @tongxing_gone;"""

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
