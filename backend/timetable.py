"""Every recurring job on one page. Each bears running twice."""

from backend import clock
from backend.activities import jobs as activities
from backend.ballots import jobs as ballots
from backend.bookings import jobs as bookings
from backend.column import jobs as column
from backend.committees.jobs import decisions as committee_decisions
from backend.committees.jobs import meetings as committee_meetings
from backend.committees.jobs import minutes as committee_minutes
from backend.committees.jobs import panels as committee_panels
from backend.committees.jobs import seats as committee_seats
from backend.committees.jobs import suggestions as committee_suggestions
from backend.committees.jobs import votes as committee_votes
from backend.courses import jobs as courses
from backend.media import jobs as media
from backend.media.storage import Files
from backend.notices import jobs as notices
from backend.people import jobs as people
from backend.roster import jobs as roster
from backend.settings import Settings
from backend.volunteering import jobs as volunteering
from notifications import health
from notifications.scheduler import Job


def timetable(files: Files, settings: Settings) -> list[Job]:
    """Return what workers do unasked; each occasion is run by one of them."""
    return [
        Job(name="notices.release", run=notices.release_due, every=5),
        Job(name="notices.expire", run=notices.expire_due, every=60),
        Job(
            name="notices.nudge",
            run=notices.nudge_owed,
            cron={"hour": "8-20", "minute": 5},
            catch_up=1800,
        ),
        Job(name="bookings.sweep", run=bookings.sweep, every=5),
        Job(name="bookings.draws", run=bookings.publish_entries, every=20),
        Job(name="bookings.stand_ins", run=bookings.expire_stand_ins, every=60),
        Job(name="bookings.untied", run=bookings.release_untied, every=600),
        Job(name="bookings.remind", run=bookings.remind, every=300),
        Job(name="volunteering.days", run=volunteering.advance_days, every=60),
        Job(name="volunteering.calls", run=volunteering.continue_calls, every=60),
        Job(name="volunteering.short", run=volunteering.warn_short, every=300),
        Job(name="volunteering.rechecks", run=volunteering.ask_to_recheck, every=300),
        Job(name="volunteering.trained", run=volunteering.activate_trained, every=600),
        Job(name="volunteering.childless", run=volunteering.end_without_child, every=600),
        Job(
            name="volunteering.overdue",
            run=volunteering.remind_overdue_hazards,
            cron={"hour": 8, "minute": 40},
            catch_up=3600,
        ),
        Job(name="activities.move_on", run=activities.move_on, every=60),
        Job(name="activities.feedback", run=activities.ask_for_feedback, every=300),
        Job(
            name="activities.parent_classes",
            run=activities.warn_short,
            cron={"hour": 9, "minute": 20},
            catch_up=3600,
        ),
        Job(
            name="activities.forget",
            run=lambda: activities.sweep_exports(files),
            every=3600,
        ),
        Job(
            name="media.prepare",
            run=lambda: media.prepare(files, ladders=settings.video_ladder),
            every=3,
            # Every worker takes the next film that no other holds, however long it takes.
            once_per_period=False,
        ),
        Job(name="column.release", run=column.release_due, every=60),
        Job(name="courses.settle", run=courses.settle_reached, every=60),
        Job(name="courses.attended", run=courses.settle_attended, every=300),
        Job(name="courses.finish", run=courses.finish_courses, every=3600),
        Job(name="courses.unlock", run=courses.unlock_elsewhere, every=3600),
        Job(
            name="courses.nudge",
            run=courses.nudge_quiet,
            cron={"hour": "9-19", "minute": 25},
            catch_up=1800,
        ),
        Job(
            name="courses.due",
            run=courses.remind_due,
            cron={"hour": 9, "minute": 10},
            catch_up=3600,
        ),
        Job(
            name="courses.set_items",
            run=courses.send_set_items,
            cron={"day_of_week": "wed", "hour": 10, "minute": 15},
            catch_up=3600,
        ),
        Job(
            name="courses.running_out",
            run=courses.warn_running_out,
            cron={"hour": 9, "minute": 50},
            catch_up=3600,
        ),
        Job(name="ballots.forget", run=lambda: ballots.destroy_keys(settings), every=60),
        Job(name="ballots.sweep", run=lambda: ballots.sweep_keys(settings), every=3600),
        Job(name="committees.minutes", run=committee_minutes.draft_minutes, every=60),
        Job(
            name="committees.minutes_overdue",
            run=committee_minutes.remind_of_minutes,
            cron={"hour": 9, "minute": 15},
            catch_up=3600,
        ),
        Job(
            name="committees.decisions",
            run=committee_decisions.remind_of_decisions,
            cron={"hour": 9, "minute": 5},
            catch_up=3600,
        ),
        Job(name="committees.panels", run=committee_panels.close_due, every=60),
        Job(name="committees.panels_due", run=committee_panels.remind_unfinished, every=1800),
        Job(name="committees.seats", run=committee_seats.end_lapsed, every=600),
        Job(name="committees.meetings", run=committee_meetings.remind_coming, every=300),
        Job(
            name="committees.suggestions",
            run=committee_suggestions.remind_overdue,
            cron={"hour": 9, "minute": 35},
            catch_up=3600,
        ),
        Job(name="committees.votes", run=lambda: committee_votes.settle(settings), every=5),
        Job(name="committees.votes_due", run=committee_votes.remind_due, every=600),
        Job(
            name="committees.votes_publish", run=lambda: committee_votes.publish(settings), every=60
        ),
        Job(
            name="committees.votes_overdue",
            run=committee_votes.remind_to_certify,
            cron={"hour": 9, "minute": 35},
            catch_up=3600,
        ),
        Job(name="media.sweep", run=lambda: media.sweep_unattached(files), every=3600),
        Job(name="roster.forget", run=roster.forget_old, every=3600),
        Job(name="people.purge", run=people.purge, every=600),
        Job(name="post.sweep", run=lambda: health.sweep(clock.now()), cron={"hour": 3}),
    ]
