"""A certificate on paper: a picture and a document, for its holder alone."""

import io
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image

from backend.certificates.models import Certificate
from backend.database import execute
from backend.settings import Settings
from seed.cast import Cast
from tests.certificates import papers
from tests.house import SignIn, Visitor


def url(certificate: Certificate, form: str) -> str:
    return f"/me/certificates/{certificate.id}/{form}"


def opened(answer: httpx.Response) -> Image.Image:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text
    return Image.open(io.BytesIO(answer.content))


@pytest.mark.parametrize("make", [papers.course, papers.service])
async def test_the_picture_leads_to_its_own_page(
    as_: SignIn, cast: Cast, anyone: Visitor, settings: Settings, make: Any
) -> None:
    made = await make(cast)
    father = await as_("王立强")
    answer = await father.get(url(made, "image"))
    picture = opened(answer)
    assert picture.size == (1240, 1754)
    [code] = zxingcpp.read_barcodes(picture)
    [listed] = (await father.get("/me/certificates")).json()["items"]
    assert code.text == listed["url"] == f"{settings.site}/verify/{made.code}"
    shown = await papers.page(anyone, code.text.rsplit("/", 1)[1])
    assert (shown.status_code, "证书有效" in shown.text) == (200, True)
    assert (await father.get(url(made, "image"))).content == answer.content
    kept = await father.get(url(made, "image"), headers={"If-None-Match": answer.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")


async def test_the_document_is_one_page_of_a4(as_: SignIn, cast: Cast) -> None:
    made = await papers.course(cast)
    answer = await (await as_("王立强")).get(url(made, "document"))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.count(b"/Type /Page\n") == 1
    assert b"/Count 1\n" in answer.content


async def test_only_its_holder_draws_a_certificate(as_: SignIn, cast: Cast) -> None:
    made = [await papers.course(cast), await papers.service(cast)]
    for name in ("李建国", "刘敏", "许建安", "何清越", "沈知微"):
        for certificate in made:
            for form in ("image", "document"):
                answer = await (await as_(name)).get(url(certificate, form))
                assert answer.status_code == 404, name


async def test_a_drawing_hand_is_slowed_down(as_: SignIn, cast: Cast) -> None:
    made = await papers.course(cast)
    await (await as_("王立强")).get(url(made, "document"))
    # As if the rest of the ten minutes' drawings had been spent.
    await execute("UPDATE limits SET used = 30 WHERE name = 'certificate_drawings'")
    slowed = await (await as_("王立强")).get(url(made, "image"))
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too_many_requests")
