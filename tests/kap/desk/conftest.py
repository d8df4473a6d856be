"""The scene of the mock-ups, and a gate that answers as told while pages are tried for themselves."""

import pytest

from kap.pathway import gates
from tests.kap.desk import scene


@pytest.fixture
def thursday(db, at):
    at(scene.NOW)
    return scene.thursday()


@pytest.fixture
def gate_says(monkeypatch):
    """gate_says(companion_confirmed="Driver not confirmed.") shuts that line; all others are met."""

    def tell(**missing):
        def ask(code, course, subject=None):
            return [
                gates.Step(
                    key, gates.EVIDENCE[key].words, [gates.Missing(missing[key])] if key in missing else []
                )
                for key in gates.GATES[code].needs
            ]

        monkeypatch.setattr(gates, "ask", ask)

    tell()
    return tell
