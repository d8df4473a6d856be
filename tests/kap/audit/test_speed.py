"""How fast a long record is sealed and read again; run by `make bench`."""

import time

import pytest

from kap.audit import seal, verify
from tests.conftest import owner_connection

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
ROWS = 200_000


def test_two_hundred_thousand_rows_are_sealed_and_verified(capsys):
    live = owner_connection()
    with live.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_accesslog (at, actor, client_id, kind, object_id, purpose, address, request_id)"
            " SELECT now(), 'user:' || gen_random_uuid(), gen_random_uuid(), 'chart', '', 'care', '203.0.113.9',"
            " md5(n::text) FROM generate_series(1, %s) n",
            [ROWS],
        )
    live.close()
    start = time.monotonic()
    assert seal.seal().rows == ROWS
    sealed = time.monotonic()
    count = verify.Count()
    assert [one for one in verify.check(count) if not one.remark] == []
    done = time.monotonic()
    assert count.rows == ROWS
    with capsys.disabled():
        print(f"sealed {ROWS / (sealed - start):,.0f} rows/s, verified {ROWS / (done - sealed):,.0f} rows/s")
    assert done - sealed < 15 * ROWS / 1_000_000 * 4  # 15 s for a million, with room for a slow machine
