"""The clinic and its signed protocol."""

import factory
from factory.django import DjangoModelFactory

from kap.core import clock, protocol
from kap.core.models import Clinic, ProtocolVersion


class ClinicFactory(DjangoModelFactory):
    """The one clinic; asking twice gives the same row."""

    class Meta:
        model = Clinic
        django_get_or_create = ("singleton",)

    singleton = True
    name = "Alder House"
    zone = "America/Los_Angeles"
    phone = "3105550100"
    email = "desk@alderhouse.example"
    address = "12 Alder Street, Los Angeles, CA 90012"


class ProtocolVersionFactory(DjangoModelFactory):
    """The protocol that ships, signed by a prescriber. The table is insert-only: one row per version."""

    class Meta:
        model = ProtocolVersion
        django_get_or_create = ("version",)

    body = factory.LazyFunction(protocol.default)
    version = factory.LazyAttribute(lambda o: o.body["version"])
    reason = "First version"
    signed_at = factory.LazyFunction(clock.now)
    signed_by = factory.SubFactory("tests.factories.people.UserFactory", roles=["prescriber"])
