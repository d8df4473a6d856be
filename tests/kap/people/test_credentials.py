"""Which credential covers what, on which day, in which state."""

from datetime import date, timedelta

import pytest

from kap.core.errors import Refused, Stale
from kap.people import actions, credentials
from kap.people.models import Credential
from tests.factories.core import ClinicFactory
from tests.factories.people import CredentialFactory, ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 19)
WEEK = timedelta(days=7)
IN_FORCE = {"issued_on": DAY - WEEK, "expires_on": DAY + WEEK}


def person(*roles, name="Mara Quinn"):
    return ProviderFactory(roles=roles, user__name=name)


@pytest.mark.parametrize(
    ("held", "role", "lacks"),
    [
        ([], "therapist", ["no professional licence in CA on record."]),
        ([("licence", "CA", -7, 7)], "therapist", []),
        ([("licence", "NV", -7, 7)], "therapist", ["no professional licence in CA on record."]),
        ([("licence", "CA", -7, 0)], "therapist", []),
        ([("licence", "CA", 0, 7)], "therapist", []),
        (
            [("licence", "CA", -7, -1)],
            "therapist",
            ["professional licence in CA expired on 18 November 2026."],
        ),
        (
            [("licence", "CA", 1, 7)],
            "therapist",
            ["professional licence in CA holds only from 20 November 2026."],
        ),
        ([("licence", "CA", -9, -1), ("licence", "CA", -1, 9)], "therapist", []),
        ([("licence", "CA", -7, 7)], "prescriber", ["no DEA registration in CA on record."]),
        (
            [("licence", "CA", -7, 7), ("dea", "NV", -7, 7)],
            "prescriber",
            ["no DEA registration in CA on record."],
        ),
        ([("licence", "CA", -7, 7), ("dea", "CA", -7, 7)], "prescriber", []),
        ([("bls", "", -7, 7)], "monitor", []),
        ([("acls", "", -7, 7)], "monitor", ["no BLS certificate on record."]),
        ([("bls", "", -7, -2)], "monitor", ["BLS certificate expired on 17 November 2026."]),
    ],
)
def test_what_is_missing_in_words(held, role, lacks):
    mara = person(role)
    for kind, state, since, until in held:
        CredentialFactory(
            provider=mara,
            kind=kind,
            state=state,
            issued_on=DAY + timedelta(since),
            expires_on=DAY + timedelta(until),
        )
    assert credentials.missing(mara, role, DAY, "CA") == [f"Mara Quinn: {words}" for words in lacks]


def test_an_ended_credential_covers_nothing():
    mara = person("therapist")
    held = CredentialFactory(provider=mara, **IN_FORCE)
    actions.end_credential(credential=held, by=UserFactory(roles=["admin"]))
    assert credentials.missing(mara, "therapist", DAY, "CA")
    assert credentials.in_force(mara, ["licence"], DAY) == []


@pytest.mark.parametrize(
    ("days", "words", "tone"),
    [
        (91, "until 18 Feb 2027", "ok"),
        (90, "90 days left", "warn"),
        (8, "8 days left", "warn"),
        (7, "7 days left", "danger"),
        (1, "1 day left", "danger"),
        (0, "last day today", "danger"),
        (-1, "expired 18 Nov 2026", "danger"),
    ],
)
def test_chips_count_down(days, words, tone):
    held = CredentialFactory(issued_on=DAY - timedelta(400), expires_on=DAY + timedelta(days))
    chip = credentials.chip(held, {"therapist"}, DAY, (90, 30, 7))
    assert (chip.words, chip.tone) == (words, tone)
    assert chip.blocks == {"therapist": "No sessions as therapist in CA"}
    assert chip.ended == (days < 0)


class TestActions:
    @pytest.fixture
    def admin(self):
        ClinicFactory()
        return UserFactory(roles=["admin"])

    def add(self, provider, by, **data):
        given = {"kind": "dea", "number": "ab-123 4563", "state": "CA", **IN_FORCE, **data}
        return actions.add_credential(provider=provider, **given, by=by)

    def test_a_dea_number_is_checked_and_kept_tidy(self, admin):
        assert self.add(person("prescriber"), admin).number == "AB1234563"
        with pytest.raises(Refused, match="last digit does not fit"):
            self.add(person("prescriber"), admin, number="AB1234564")

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"state": ""}, "Choose the state"),
            ({"expires_on": DAY - WEEK}, "expire after the day"),
        ],
    )
    def test_nonsense_is_refused_in_words(self, admin, data, words):
        with pytest.raises(Refused, match=words):
            self.add(person("prescriber"), admin, **data)

    def test_a_renewal_stands_beside_the_old_one_but_nothing_is_entered_twice(self, admin):
        mara = person("prescriber")
        self.add(mara, admin)
        with pytest.raises(Stale, match="on record already"):
            self.add(mara, admin)
        renewed = self.add(mara, admin, issued_on=DAY + WEEK, expires_on=DAY + 60 * WEEK)
        assert credentials.newest(mara) == [renewed]
        assert Credential.objects.count() == 2

    def test_an_npi_is_checked(self, admin):
        user = UserFactory(roles=["prescriber"])
        with pytest.raises(Refused, match="10 digits"):
            actions.add_provider(user=user, title="MD", npi="123", by=admin)
        provider = actions.add_provider(user=user, title="MD", npi="1234567893", by=admin)
        with pytest.raises(Refused, match="last digit"):
            actions.change_provider(provider=provider, npi="1234567894", by=admin)

    def test_only_clinicians_come_on_the_roster_and_once(self, admin):
        with pytest.raises(Refused, match="no therapist, prescriber or monitor"):
            actions.add_provider(user=admin, title="MBA", by=admin)
        user = UserFactory(roles=["monitor"])
        actions.add_provider(user=user, title="RN", by=admin)
        with pytest.raises(Stale, match="on the roster already"):
            actions.add_provider(user=user, title="RN", by=admin)
