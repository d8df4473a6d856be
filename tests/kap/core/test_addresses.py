"""Where to go on: paths of this site and nothing else, whatever an address asks for."""

import pytest

from kap.core.addresses import inside


@pytest.mark.parametrize("path", ["/", "/today/", "/clients/?q=a b", "/x#part"])
def test_a_path_of_this_site_is_taken(path):
    assert inside(path) == path


@pytest.mark.parametrize(
    "wanted",
    ["", "{{ 7|add:7 }}", "<img src=x onerror=__ran(7)>", "today", "desk:today", "//evil.example", "/\\evil.example",
     "https://evil.example/", "javascript:alert(1)", "/" + "a" * 300, "\x00", "///evil.example"],
)  # fmt: skip
def test_anything_else_is_not(wanted):
    assert inside(wanted) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", ["{{ 7|add:7 }}", "today", "//evil.example"])
def test_who_is_signed_in_already_goes_home_instead(client, wanted):
    from tests.factories.core import ClinicFactory
    from tests.factories.people import UserFactory

    ClinicFactory()
    client.force_login(UserFactory(roles=["therapist"]))
    answer = client.get("/sign-in/staff/", {"next": wanted})
    assert (answer.status_code, answer["Location"]) == (302, "/today/")
