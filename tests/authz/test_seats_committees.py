"""What the chair of a committee does, its secretary does in part, and a plain member does not."""

import pytest

from backend.database import execute
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.state import undone

CHAIRED = (
    "acceptAgendaItem/proposed", "declineAgendaItem/proposed", "mergeAgendaItem/proposed",
    "putItemInWriting/accepted", "putItemAgain/lapsed", "recordRecusal/accepted",
    "removeRecusal/scheduled", "acceptSuggestion", "declineSuggestion", "mergeSuggestion",
    "escalateSuggestion", "handOverChair",
)  # fmt: skip
KEPT = (
    "scheduleAgendaItem/accepted", "deferAgendaItem/scheduled", "discussAgendaItem/ready",
    "noteAgendaItem/discussing", "planMeeting", "rewriteMeeting/planned",
    "conveneMeeting/planned", "cancelMeeting/planned", "startMeeting/soon", "endMeeting/quiet",
    "recordAttendance/running", "recordLeaving/running",
)  # fmt: skip
SHARED = (
    "proposeAgendaItem", "getAgendaItem/proposed", "getAgendaItem/scheduled",
    "getMeeting/planned", "listSuggestions/answered", "getSuggestion/refused",
    "replyToMeeting/convened", "attendMeeting/running", "leaveMeeting/running",
    "recuseMyself/accepted", "takeBackRecusal/accepted", "getQuorum/running",
)  # fmt: skip
MAY = {
    "chair": {CHAIRED, KEPT, SHARED},
    "secretary": {KEPT, SHARED},
    "vice_chair": {SHARED},
    "member": {SHARED},
}


@pytest.mark.parametrize("role", MAY)
async def test_a_seat_does_what_its_role_does(matrix: Matrix, role: str) -> None:
    own = matrix.world.places["own"]
    for acts in (CHAIRED, KEPT, SHARED):
        for key in acts:
            name, _, variant = key.partition("/")
            cell = Cell("chair", "own", frozenset({200}))
            async with undone():
                await execute("UPDATE seats SET role = $2 WHERE id = $1", own.chair_seat_id, role)
                answer = await matrix.send(matrix.operations[name], variant, cell)
            if acts in MAY[role]:
                assert answer.is_success, f"{key} {answer.text}"
            else:
                assert answer.status_code == 403, f"{key} {answer.text}"


async def test_only_the_chair_and_the_secretary_read_who_is_missing(matrix: Matrix) -> None:
    own, operation = matrix.world.places["own"], matrix.operations["getQuorum"]

    async def missing(name: str, role: str) -> bool:
        async with undone():
            await execute("UPDATE seats SET role = $2 WHERE id = $1", own.chair_seat_id, role)
            cell = Cell(name, "own", frozenset({200}))
            answer = await matrix.send(operation, "running", cell)
        assert answer.status_code == 200, answer.text
        return answer.json()["missing"] is not None

    assert [await missing("chair", role) for role in MAY] == [True, True, False, False]
    assert not await missing("admin", "chair")
