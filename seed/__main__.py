"""``python -m seed``: plant the cast alone, without rosters, notices or phones."""

import asyncio

from backend import settings as configuration
from backend.database import database
from seed.cast import plant


async def main() -> None:
    settings = configuration.load()
    if settings.database_url is None or settings.is_production:
        raise SystemExit("set TONGXING_DATABASE_URL; the cast does not belong in production")
    async with database(settings.database_url, settings, name="tongxing-seed"):
        await plant()


asyncio.run(main())
