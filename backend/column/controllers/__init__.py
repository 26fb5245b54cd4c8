"""Which URLs the column answers at: for readers, for parents who write, for editors."""

from litestar import Router
from litestar.di import Provide

from backend.column.controllers.contributing import (
    Contributions,
    Declaration,
    MyConsent,
    MyContributions,
)
from backend.column.controllers.reading import Column, MySeries, MySubscription, OneItem
from backend.column.controllers.series import Adoption, DistrictSeries, OneSeries, SchoolSeries
from backend.column.controllers.writing import (
    DistrictDesk,
    ItemInHand,
    ItemReview,
    SchoolDesk,
    SeriesItems,
)
from backend.column.permissions import item_in_sight, series_in_sight
from backend.schools.features import require
from backend.schools.models import Function

_switched = Router(
    path="/",
    route_handlers=[
        Column,
        OneItem,
        MySeries,
        MySubscription,
        Declaration,
        Contributions,
        MyContributions,
        SchoolDesk,
        DistrictDesk,
        SeriesItems,
        ItemInHand,
        ItemReview,
        SchoolSeries,
        DistrictSeries,
        OneSeries,
        Adoption,
    ],
    dependencies={"sight": Provide(item_in_sight), "series_sight": Provide(series_in_sight)},
    guards=[require(Function.COURSES)],
    opt={"function": Function.COURSES},
)

routes = Router(path="/", route_handlers=[_switched, MyConsent], tags=["专栏 Column"])
