"""The world of the authorisation matrix, for drills that send whatever a route may be sent."""

from tests.authz.conftest import application, operations, world  # noqa: F401
