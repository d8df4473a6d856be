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

    body = factory.LazyFunction(protocol.default)
    version = factory.LazyAttribute(lambda o: o.body["version"])
    reason = "First version"
    signed_at = factory.LazyFunction(clock.now)
    signed_by = None  # a prescriber of its own, made only for the first row

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        from tests.factories.people import UserFactory

        there = model_class.objects.filter(version=kwargs["version"]).first()
        if there is not None:
            return there
        kwargs["signed_by"] = kwargs["signed_by"] or UserFactory(roles=["prescriber"], name="Protocol Signer")
        return super()._create(model_class, *args, **kwargs)
