"""From tables to a roster: what each kind of row means, and what it refers to."""

from collections.abc import Sequence

from backend.roster.spreadsheet import cells, checks, places
from backend.roster.spreadsheet.checks import Findings, Names, Source
from backend.roster.spreadsheet.columns import MAX_GUARDIANS, Kind
from backend.roster.spreadsheet.rows import House, Place, Post, Pupil, Roster, Tie
from backend.roster.spreadsheet.tables import Row, Table, check_columns
from backend.web.actor import Role

_ORDER = (Kind.CLASSES, Kind.PUPILS, Kind.STAFF, Kind.GUARDIANS)
_IN_A_CLASS = (Role.CLASS_TEACHER, Role.SUBJECT_TEACHER)


class Collector:
    """Takes tables in the order in which they refer to each other, and checks them."""

    def __init__(self, house: House) -> None:
        self.findings = Findings()
        self._names = Names(self.findings)
        self._house_numbers = set(house.numbers)
        self._places: list[Place] = []
        self._by_key: dict[tuple[str, str], int] = {}
        self._grades: dict[str, str] = {}
        self._pupils: dict[str, Pupil] = {}
        self._mentioned: dict[str, Source] = {}
        self._ties: dict[tuple[str, str], tuple[Tie, Source]] = {}
        self._guardians_of: dict[str, int] = {}
        self._posts: dict[Post, None] = {}
        self._class_teachers: list[tuple[int, str, Source]] = []
        self._kinds: set[Kind] = set()
        for grade, name in house.classes:
            self._declare(_compact(grade), _compact(name), spelled=(grade, name))

    def in_order(self, tables: Sequence[Table]) -> list[Table]:
        """Return the tables so that each comes after those it refers to."""
        return sorted(tables, key=lambda table: _ORDER.index(table.columns.kind))

    def collect(self, table: Table) -> None:
        """Read one table."""
        self._kinds.add(table.columns.kind)
        if not check_columns(table, self.findings):
            return
        reader = {
            Kind.CLASSES: self._class,
            Kind.PUPILS: self._pupil,
            Kind.STAFF: self._member_of_staff,
            Kind.GUARDIANS: self._guardian,
        }[table.columns.kind]
        for row in table.rows():
            if row.merged_column is not None:
                self._spoiled(row)
                continue
            reader(row)

    def finish(self) -> Roster:
        """Check what needs the whole and return it."""
        guarded = {number for number, _ in self._ties} | self._house_numbers
        checks.check_pupils_have_guardians(self.findings, self._mentioned, guarded)
        checks.check_class_teachers(self.findings, self._places, self._class_teachers)
        return Roster(
            self._places,
            list(self._pupils.values()),
            [tie for tie, _ in self._ties.values()],
            list(self._posts),
            Kind.PUPILS in self._kinds,
            Kind.STAFF in self._kinds,
        )

    def _spoiled(self, row: Row) -> None:
        fields = {column: field for field, column in row.table.columns.at.items()}
        row.fault("merged", fields[row.merged_column or 0], self.findings)
        # Guardians who name this pupil should not be blamed for the merged cell.
        if row.table.columns.kind is Kind.PUPILS:
            number = row.read("number", cells.number, Findings())
            self._mentioned.setdefault(number, row.source("number"))

    def _class(self, row: Row) -> None:
        grade, name = self._grade_and_class(row)
        if not name:
            row.fault("missing", "class", self.findings)
        elif not grade:
            row.fault("missing", "grade", self.findings)
        if row.faulty:
            return
        place = self._declare(grade, name)
        phone = row.read("phone", cells.phone, self.findings)
        teacher = row.read("name", cells.name, self.findings)
        if not phone or row.faulty:
            return
        teacher = teacher or self._names.of(phone) or ""
        if not teacher:
            row.fault("class_teacher_unnamed", "name", self.findings)
        elif self._names.agree(phone, teacher, row.source("phone")):
            self._post(Post(teacher, phone, Role.CLASS_TEACHER, "", place), row)

    def _pupil(self, row: Row) -> None:
        number = self._needed(row, "number", cells.number)
        name = self._needed(row, "name", cells.name)
        place = self._place(row)
        if number:
            first = self._mentioned.setdefault(number, row.source("number"))
            if first.row != row.number or first.sheet != row.table.sheet:
                row.fault("duplicate_number", "number", self.findings, other=first.row)
        for which in range(1, MAX_GUARDIANS + 1):
            self._beside(row, number, which)
        if place is not None and not row.faulty:
            self._pupils[number] = Pupil(number, name, place)

    def _beside(self, row: Row, number: str, which: int) -> None:
        """Read one of the guardians that stand beside a pupil."""
        name = row.read(f"name{which}", cells.name, self.findings)
        phone = row.read(f"phone{which}", cells.phone, self.findings)
        relation = row.read(f"relation{which}", cells.relation, self.findings)
        relation = relation or row.table.columns.implied.get(which, "")
        if row.faulty or not (name or phone):
            return
        for field, value in (("name", name), ("phone", phone)):
            if not value:
                row.fault("missing", f"{field}{which}", self.findings)
        if not relation:
            row.fault("guardian_without_relation", f"relation{which}", self.findings)
        if not row.faulty:
            self._tie(row, Tie(number, name, relation, phone), f"phone{which}")

    def _guardian(self, row: Row) -> None:
        number = self._needed(row, "number", cells.number)
        name = self._needed(row, "name", cells.name)
        phone = self._needed(row, "phone", cells.phone)
        pupil = row.read("pupil_name", cells.name, self.findings)
        before = row.faults
        relation = row.read("relation", cells.relation, self.findings)
        if not relation and row.faults == before:
            row.fault("guardian_without_relation", "relation", self.findings)
        if number and number not in self._mentioned and number not in self._house_numbers:
            shown = cells.masked("number", number)
            row.fault("unknown_number", "number", self.findings, value=shown)
        known = self._pupils.get(number)
        if pupil and known is not None and known.name != pupil:
            row.fault("pupil_name_differs", "pupil_name", self.findings)
        if not row.faulty:
            self._tie(row, Tie(number, name, relation, phone), "phone")

    def _tie(self, row: Row, tie: Tie, field: str) -> None:
        if not self._names.agree(tie.phone, tie.name, row.source(field)):
            row.faults += 1
            return
        key = (tie.number, tie.phone)
        if key in self._ties:
            first, source = self._ties[key]
            if first.relation != tie.relation:
                relation = field.replace("phone", "relation")
                row.fault("relation_differs", relation, self.findings, other=source.row)
            return
        self._guardians_of[tie.number] = self._guardians_of.get(tie.number, 0) + 1
        if self._guardians_of[tie.number] > checks.MAX_GUARDIANS_OF_A_CHILD:
            row.fault("too_many_guardians", field, self.findings)
            return
        self._ties[key] = (tie, row.source(field))

    def _member_of_staff(self, row: Row) -> None:
        name = self._needed(row, "name", cells.name)
        phone = self._needed(row, "phone", cells.phone)
        role = self._needed(row, "role", cells.role)
        subject = row.read("subject", cells.compact, self.findings)[:20]
        if row.faulty or not self._names.agree(phone, name, row.source("phone")):
            return
        if role == Role.GRADE_LEAD:
            self._lead(row, name, phone)
        elif role in _IN_A_CLASS:
            self._teacher(row, name, phone, role, subject)
        else:
            self._post(Post(name, phone, role), row)

    def _teacher(self, row: Row, name: str, phone: str, role: str, subject: str) -> None:
        if not row.read("class", cells.compact, self.findings):
            if not row.faulty:
                label = "班主任" if role == Role.CLASS_TEACHER else "任课教师"
                row.fault("class_needed", "class", self.findings, label=label)
            return
        for place in self._several_places(row):
            kept = subject if role == Role.SUBJECT_TEACHER else ""
            self._post(Post(name, phone, role, kept, place), row)

    def _lead(self, row: Row, name: str, phone: str) -> None:
        text = row.read("grade", cells.compact, self.findings)
        if row.faulty:
            return
        if not text:
            row.fault("grade_needed", "grade", self.findings)
        elif (grade := self._grades.get(places.grade(text)[0])) is None:
            row.fault("unknown_grade", "grade", self.findings, value=text[:20])
        else:
            self._post(Post(name, phone, Role.GRADE_LEAD, "", None, grade), row)

    def _post(self, post: Post, row: Row) -> None:
        self._posts[post] = None
        if post.role == Role.CLASS_TEACHER and post.place is not None:
            self._class_teachers.append((post.place, post.phone, row.source("phone")))

    def _place(self, row: Row) -> int | None:
        before = row.faults
        grade, name = self._grade_and_class(row)
        if row.faults > before:
            return None
        if not name or not grade:
            row.fault("missing", "grade" if name else "class", self.findings)
            return None
        return self._known_place(row, grade, name)

    def _several_places(self, row: Row) -> list[int]:
        """Read ``1班、2班``: one teacher, several classes of a grade."""
        grade, names = self._grade_and_class(row)
        split = [name for name in names.replace("，", "、").replace(",", "、").split("、") if name]
        found = [self._known_place(row, grade, name) for name in split]
        return [place for place in found if place is not None]

    def _known_place(self, row: Row, grade: str, name: str) -> int | None:
        place = self._by_key.get(_key(grade, name))
        if place is None:
            shown = f"{grade}{name}"[:20]
            row.fault("unknown_class", "class", self.findings, value=shown)
        return place

    def _grade_and_class(self, row: Row) -> tuple[str, str]:
        grade = row.read("grade", cells.compact, self.findings)
        name = row.read("class", cells.compact, self.findings)
        if name and not grade and (apart := places.split(name)) is not None:
            return apart
        return grade, name

    def _declare(self, grade: str, name: str, spelled: tuple[str, str] | None = None) -> int:
        key, grade_name, rank = places.grade(grade)
        if spelled is None:
            spelled = (self._grades.get(key, grade_name), places.class_in(grade, name))
        self._grades.setdefault(key, spelled[0])
        known = self._by_key.get(_key(grade, name))
        if known is not None:
            return known
        self._places.append(Place(spelled[0], spelled[1], rank))
        self._by_key[_key(grade, name)] = len(self._places) - 1
        return len(self._places) - 1

    def _needed(self, row: Row, field: str, make: cells.Maker) -> str:
        before = row.faults
        value = row.read(field, make, self.findings)
        if not value and row.faults == before:
            row.fault("missing", field, self.findings)
        return value


def _key(grade: str, name: str) -> tuple[str, str]:
    return places.grade(grade)[0], places.class_in(grade, name)


def _compact(text: str) -> str:
    return cells.compact(text)
