from datetime import timedelta

import pytest

from kap.core import clock
from kap.core.actions import System
from kap.outbox import actions
from tests.factories.core import ClinicFactory

TESTS = System("tests")


@pytest.fixture
def clinic(db):
    return ClinicFactory()


@pytest.fixture
def owed(clinic):
    """owed(key="a", kind=…, …) → a message due now."""

    def owe(key="a", kind="document_copy", after=timedelta(), **more):
        return actions.owe(
            key=key, kind=kind, send_at=clock.now() + after,
            **{"to_address": "ana@mail.example", "to_name": "Ana Lee", "context": {"path": "/documents/x"}, "by": TESTS, **more},
        )  # fmt: skip

    return owe
