"""A session in the hands of those who answer for its activity: programme and recording."""

from litestar import Controller, delete, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.activities import rules
from backend.activities.controllers.answers import changed
from backend.activities.operations import programmes
from backend.activities.permissions import SessionSight, session_to_run
from backend.activities.schemas.programmes import SessionProgrammeIn, SessionRecordingIn
from backend.activities.schemas.reading import ActivityOut
from backend.media.rules import AttachmentMissing
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals


class SessionProgramme(Controller):
    path = "/sessions/{session_id:uuid}/programme"
    dependencies = {"run": Provide(session_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="setSessionProgramme",
        summary="设置场次的主讲人与参加方式 Who speaks, and where one takes part",
        responses=refusals(rules.WrongActivityState, rules.SpeakerNotHere),
    )
    async def set_session_programme(
        self,
        data: JSONBody[SessionProgrammeIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[SessionSight],
        settings: NamedDependency[Settings],
    ) -> ActivityOut:
        """Before the day or after it. Those with a place are told when the way in changes."""
        await programmes.set_programme(actor, run.session_id, data.programme())
        return await changed(actor, run.activity.id, settings)


class SessionRecording(Controller):
    path = "/sessions/{session_id:uuid}/recording"
    dependencies = {"run": Provide(session_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="addSessionRecording",
        summary="添加场次录像 Add the recording of a session that was held",
        responses=refusals(
            rules.SessionNotOver,
            AttachmentMissing,
            rules.NotARecording,
            rules.RecordingNotReady,
        ),
    )
    async def add_session_recording(
        self,
        data: JSONBody[SessionRecordingIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[SessionSight],
        settings: NamedDependency[Settings],
    ) -> ActivityOut:
        """Seen by the families the activity was for, whether or not they came."""
        await programmes.add_recording(actor, run.session_id, data.attachment_id)
        return await changed(actor, run.activity.id, settings)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="removeSessionRecording",
        summary="移除场次录像 Remove the recording",
    )
    async def remove_session_recording(
        self, actor: NamedDependency[Actor], run: NamedDependency[SessionSight]
    ) -> None:
        """Repeating it is harmless."""
        await programmes.remove_recording(actor, run.session_id)
