"""Looking for the words of the story in every column of the database."""

from backend.database import fetch
from tests.canary.words import found_in


async def where_it_stands() -> dict[str, set[str]]:
    """Return each column of the database in which a canary stands, and which ones."""
    columns = await fetch(
        "SELECT c.table_name AS t, c.column_name AS c, c.data_type AS kind "
        "FROM information_schema.columns c JOIN information_schema.tables x "
        "USING (table_schema, table_name) "
        "WHERE c.table_schema = 'public' AND x.table_type = 'BASE TABLE'"
    )
    found: dict[str, set[str]] = {}
    for column in columns:
        as_text = (
            f"encode(\"{column['c']}\", 'escape')"
            if column["kind"] == "bytea"
            else f'"{column["c"]}"::text'
        )
        rows = await fetch(f"SELECT string_agg({as_text}, ' ') AS said FROM {column['t']}")
        said = rows[0]["said"] or ""
        if column["kind"] == "bytea":
            said = _unescaped(said)
        if hits := found_in(said):
            found[f"{column['t']}.{column['c']}"] = hits
    return found


def _unescaped(said: str) -> str:
    """Undo PostgreSQL's octal escapes of bytes beyond ASCII."""
    return said.encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")
