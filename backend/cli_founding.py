"""``tongxing found``: the first rows of an installation, before anybody can sign in.

A district, its schools, the people who run them and the privacy notice families accept;
everyone else comes with the schools' rosters.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from backend import clock
from backend.people.models import PrivacyNotice
from backend.people.operations import ties
from backend.people.phones import normalise
from backend.schools import directory
from backend.schools.models import District, School, Stage
from backend.schools.operations import calendar, tree
from backend.settings import load
from backend.web.actor import Role

Run = Callable[[Coroutine[Any, Any, str]], None]
"""Runs one act over the installation's database and prints the line it returns."""

RUNNERS = (Role.DISTRICT_OFFICER, Role.SCHOOL_ADMIN, Role.PRINCIPAL)


def commands(run: Run) -> typer.Typer:
    """Return the group of commands, each repeatable without harm."""
    group = typer.Typer(help="建立 · the first rows of an installation.", no_args_is_help=True)

    @group.command("district")
    def district(
        code: Annotated[str, typer.Argument(help="行政区划代码, for example 350213")],
        name: Annotated[str, typer.Argument(help="翔安区")],
    ) -> None:
        """区 · A district, with this and next year's public holidays."""
        run(_district(code, name))

    @group.command("school")
    def school(
        code: Annotated[str, typer.Argument(help="The school's code, unique in the installation.")],
        name: Annotated[str, typer.Argument()],
        district_code: Annotated[str, typer.Option("--district", help="The district's code.")],
        stage: Annotated[Stage, typer.Option(help="学段")],
    ) -> None:
        """学校 · A school of a district."""
        run(_school(code, name, district_code, stage))

    @group.command("person")
    def person(
        name: Annotated[str, typer.Argument()],
        phone: Annotated[str, typer.Argument(help="Mainland mobile number.")],
        role: Annotated[Role, typer.Option(help="district_officer, school_admin or principal")],
        at: Annotated[str, typer.Option(help="The code of the district or school.")],
    ) -> None:
        """管理者 · Somebody who runs a district or a school; they sign in by text message."""
        if role not in RUNNERS:
            raise typer.BadParameter("teachers and parents come with the school's roster")
        run(_person(name, phone, role, at))

    @group.command("privacy-notice")
    def privacy_notice(
        title: Annotated[str, typer.Argument()],
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    ) -> None:
        """隐私告知 · A new version, in force at once: families are asked again."""
        run(_privacy_notice(title, file.read_text(encoding="utf-8")))

    return group


async def _district(code: str, name: str) -> str:
    directory.check_founding(load(), code)
    made = await tree.create_district(code, name)
    this_year = clock.local(clock.now(), made.timezone).year
    days = [await calendar.import_holidays(made.id, year) for year in (this_year, this_year + 1)]
    return f"✓ {made.name} ({made.code}), {sum(days)} 个节假日 holidays"


async def _school(code: str, name: str, district_code: str, stage: Stage) -> str:
    district = await District.get_or_none(code=district_code)
    if district is None:
        raise typer.BadParameter(f"there is no district {district_code}")
    made = await tree.create_school(district.id, code, name, stage)
    return f"✓ {made.name} ({made.code})"


async def _person(name: str, phone: str, role: Role, at: str) -> str:
    node: District | School | None = await School.get_or_none(code=at)
    if role is Role.DISTRICT_OFFICER:
        node = await District.get_or_none(code=at)
    if node is None:
        raise typer.BadParameter(f"there is nothing with the code {at} for a {role}")
    somebody = await ties.open_account(name, normalise(phone))
    await ties.appoint(somebody.id, role, node)
    return f"✓ {somebody.name}: {role} @ {node.name}"


async def _privacy_notice(title: str, text: str) -> str:
    latest = await PrivacyNotice.all().order_by("-version").first()
    if latest is not None and (latest.title, latest.text) == (title, text):
        return f"✓ version {latest.version} says exactly this already"
    version = latest.version + 1 if latest else 1
    await PrivacyNotice.create(version=version, title=title, text=text, in_force_from=clock.now())
    return f"✓ version {version}, in force now"
