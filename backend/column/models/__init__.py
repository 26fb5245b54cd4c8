"""Rows of the column, by noun."""

from backend.column.models.items import (
    ColumnItem,
    ColumnItemState,
    ColumnKind,
    NamedAs,
    Placement,
)
from backend.column.models.series import (
    ColumnRelease,
    Series,
    SeriesKind,
    SeriesState,
    TipTopic,
)

__all__ = [
    "ColumnItem",
    "ColumnItemState",
    "ColumnKind",
    "ColumnRelease",
    "NamedAs",
    "Placement",
    "Series",
    "SeriesKind",
    "SeriesState",
    "TipTopic",
]
