"""``openapi/ballot/seal.mjs`` seals what the server opens, in node and in a browser."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.ballots import sealing
from backend.ballots.rules.digests import commitment
from tests.journeys.browser import chromium

SCRIPT = Path(__file__).parents[2] / "openapi" / "ballot" / "seal.mjs"
RUN = """
const { seal, commitment, newReceipt, canSeal } = await import(place);
const boxes = await Promise.all(asked.map((one) => seal(one.vote, one.choice, one.receipt)));
return { boxes, commitment: await commitment(unit), able: await canSeal(),
  receipt: newReceipt() };
"""


class Desk:
    """Ballots to be sealed, and the keys that open them."""

    def __init__(self) -> None:
        self.private, public = sealing.new_key()
        self.keys = ["for", "against", str(uuid4()), "方"]
        self.seal = sealing.Seal(
            vote_id=uuid4(),
            public_key=public,
            question_digest="0123456789abcdef" * 4,
            length=sealing.length_for(self.keys),
        )
        choices = [["for"], ["abstain"], self.keys, [], ['a"\\\n', "方案"]]
        self.ballots = [
            sealing.Ballot(choice=tuple(choice), receipt=f"{n:032x}")
            for n, choice in enumerate(choices)
        ]
        self.unit: dict[str, Any] = {
            "salt": "ab" * 16,
            "refId": str(uuid4()),
            "voterIds": [str(UUID(int=3)), str(UUID(int=1)), str(UUID(int=2))],
        }

    def asked(self) -> list[dict[str, Any]]:
        vote = {
            "id": str(self.seal.vote_id),
            "publicKey": self.seal.public_key,
            "questionDigest": self.seal.question_digest,
            "options": [{"key": key, "label": "…"} for key in self.keys],
        }
        return [
            {"vote": vote, "choice": one.choice, "receipt": one.receipt} for one in self.ballots
        ]

    def check(self, told: dict[str, Any]) -> None:
        """Hold what a client made against what the server makes of it."""
        boxes = [base64.b64decode(box, validate=True) for box in told["boxes"]]
        assert {len(box) for box in boxes} == {self.seal.box_length}
        opened = sealing.open_all(self.seal, self.private, boxes)
        assert [(one.receipt, one.choice) for one in opened] == [
            (one.receipt, one.choice) for one in self.ballots
        ]
        voters = [UUID(voter) for voter in self.unit["voterIds"]]
        assert told["commitment"] == commitment(self.unit["salt"], UUID(self.unit["refId"]), voters)
        assert told["able"] and sealing.is_receipt(told["receipt"])


def test_what_node_seals_the_server_opens() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node 20")
    desk = Desk()
    given = f"const place = {json.dumps(SCRIPT.as_uri())}, asked = {json.dumps(desk.asked())}, "
    given += f"unit = {json.dumps(desk.unit)};"
    code = f"{given}\nconst told = await (async () => {{{RUN}}})();\n"
    code += "console.log(JSON.stringify(told));"
    run = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "-e", code],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    desk.check(json.loads(run.stdout))


async def test_what_a_browser_seals_the_server_opens() -> None:
    desk = Desk()
    async with chromium() as browser:
        page = await (await browser.new_context()).new_page()

        async def serve(route: Any) -> None:
            if route.request.url.endswith(".mjs"):
                await route.fulfill(body=SCRIPT.read_text(), content_type="text/javascript")
            else:
                await route.fulfill(body="<!doctype html>", content_type="text/html")

        # WebCrypto is there on this machine's own addresses and over TLS alone.
        await page.route("**/*", serve)
        await page.goto("http://127.0.0.1:9/")
        told = await page.evaluate(
            f"async ([place, asked, unit]) => {{{RUN}}}",
            ["http://127.0.0.1:9/seal.mjs", desk.asked(), desk.unit],
        )
    desk.check(told)


def test_a_box_of_another_question_or_vote_is_no_ballot_here() -> None:
    desk = Desk()
    box = sealing.close(desk.seal, desk.ballots[0])
    for other in (
        {"question_digest": "f" * 64},
        {"vote_id": uuid4()},
    ):
        elsewhere = sealing.Seal(
            **{
                "vote_id": desk.seal.vote_id,
                "public_key": desk.seal.public_key,
                "question_digest": desk.seal.question_digest,
                "length": desk.seal.length,
                **other,
            }  # type: ignore[arg-type]
        )
        [found] = sealing.open_all(elsewhere, desk.private, [box])
        assert found == sealing.Opened(receipt=None, choice=())
