"""Checking a certificate: for anybody who holds the paper, on any phone, without signing in."""

import base64
import hashlib
from html import escape
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend import clock
from backend.certificates import operations
from backend.certificates.rules import PERIODS
from backend.certificates.schemas import CertificateCheckOut
from backend.errors import NotFound, TooMany
from backend.people.authentication import caller_address
from backend.settings import Settings
from backend.web.policy import Policy
from backend.web.problems import refusals

STYLE = """\
:root{color-scheme:light}
*{box-sizing:border-box;margin:0}
body{background:#f4f1e8;color:#1d2b2a;padding:24px 16px;min-height:100vh;
font:16px/1.7 -apple-system,"PingFang SC","HarmonyOS Sans SC","Noto Sans SC","Microsoft YaHei",
sans-serif}
main{max-width:480px;margin:0 auto;background:#fff;border-radius:14px;overflow:hidden;
box-shadow:0 2px 16px rgba(31,81,72,.12)}
header{background:#1f5148;color:#fff;padding:28px 24px;text-align:center}
header.off{background:#8d2f28}
header.none{background:#5b6866}
h1{font-size:22px;letter-spacing:.06em}
header p{opacity:.88;font-size:15px;margin-top:4px}
dl{padding:12px 24px 20px}
div{display:flex;justify-content:space-between;gap:16px;padding:11px 0;
border-bottom:1px solid #eee8da}
dt{color:#5b6866;flex:none}
dd{text-align:right;font-weight:600;overflow-wrap:anywhere}
footer{padding:0 24px 24px;color:#5b6866;font-size:13px}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "content-language": "zh-CN",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
}
_PAGE = """\
<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<header{manner}><h1>{title}</h1><p>{line}</p></header>
{rows}<footer>{foot}</footer>
</main>
</body>
</html>
"""


class CertificateChecks(Controller):
    """What a certificate says, for a machine."""

    path = "/certificates/{code:str}"
    opt = {"policy": Policy.PUBLIC}

    @get(
        operation_id="checkCertificate",
        summary="核验证书 Check a certificate",
        responses=refusals(NotFound, TooMany),
    )
    async def check_certificate(
        self,
        request: Request[Any, Any, Any],
        settings: NamedDependency[Settings],
        code: FromPath[str],
    ) -> CertificateCheckOut:
        """By the number printed on it; the name is masked and no child is named."""
        return await _checked(request, settings, code)


@get("/verify/{code:str}", opt={"policy": Policy.PUBLIC}, include_in_schema=False)
async def verify(
    request: Request[Any, Any, Any], settings: NamedDependency[Settings], code: FromPath[str]
) -> Response[str]:
    """The page behind a certificate's QR code; it asks no other host for anything."""
    try:
        found = await _checked(request, settings, code)
    except NotFound:
        return _page(
            404, "查无此证书", "没有找到该编号的证书。", ' class="none"', [],
            "请核对纸面上的证书编号；如有疑问，请联系开具单位。",
        )  # fmt: skip
    except TooMany as wait:
        response = _page(
            429, "查询过于频繁", "请稍后再试。", ' class="none"', [], "为防止批量查询，请稍候。"
        )
        response.headers["retry-after"] = str(wait.retry_after or 60)
        return response
    if found.revoked_on is not None:
        line = f"{found.title}：开具单位已撤销，不再有效。"
        return _page(200, "该证书已撤销", line, ' class="off"', _rows(found), found.rule)
    return _page(200, "证书有效", found.title, "", _rows(found), found.rule)


def _rows(found: CertificateCheckOut) -> list[tuple[str, str]]:
    days = f"{found.first} 至 {found.last}" if found.first < found.last else str(found.last)
    rows = [
        ("证书编号", found.number),
        ("姓名", found.holder),
        ("开具单位", found.issuer),
        *((line.label, line.value) for line in found.lines),
        (PERIODS[found.kind], days),
        *((figure.label, f"{figure.value} {figure.unit}") for figure in found.figures),
        ("开具日期", str(found.issued_on)),
    ]
    return rows if found.revoked_on is None else [*rows, ("撤销日期", str(found.revoked_on))]


async def _checked(
    request: Request[Any, Any, Any], settings: Settings, code: str
) -> CertificateCheckOut:
    address = caller_address(request, settings.trusted_proxies)
    return CertificateCheckOut.of(await operations.check(code, address, clock.now()))


def _page(
    status: int, title: str, line: str, manner: str, rows: list[tuple[str, str]], foot: str
) -> Response[str]:
    shown = "".join(
        f"<div><dt>{escape(term)}</dt><dd>{escape(said)}</dd></div>\n" for term, said in rows
    )
    page = _PAGE.format(
        title=escape(title),
        style=STYLE,
        line=escape(line),
        manner=manner,
        rows=f"<dl>\n{shown}</dl>\n" if shown else "",
        foot=escape(foot),
    )
    return Response(page, status_code=status, media_type="text/html", headers=dict(HEADERS))


CHECKED = (CertificateChecks,)
