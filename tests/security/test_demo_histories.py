"""The whole demonstration, built once more: what each of its actions left stands in tests/security/histories.py."""

from contextlib import suppress

import pytest
from django.db import transaction

from kap.demo import build
from tests.security.driven import left_by_now, missing_of, one_context_each


class Undo(Exception):
    """Takes the demonstration back."""


@pytest.mark.sweep
def test_the_whole_demonstration_left_what_the_table_says(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), one_context_each(), suppress(Undo), transaction.atomic():
        build.build(say=lambda text: None)
        found = left_by_now()
        raise Undo
    assert len(found) >= 60, sorted(found)
    assert missing_of(found) == []
