"""People: accounts with roles, clients and their contacts, providers and credentials, care teams.

mara = UserFactory(roles=["therapist"])
ana = ClientFactory(); TeamMemberFactory(client=ana, user=mara)       # role: her first clinical one
ProviderFactory(roles=["prescriber"], credentialed=True)              # everything her roles need, in CA
"""

from datetime import date, timedelta

import factory
from django.contrib.auth.hashers import make_password
from django.db.models import Max
from factory.django import DjangoModelFactory

from kap.accounts.models import RoleGrant, User
from kap.accounts.permissions import Role
from kap.core import clock
from kap.people.models import Allergy, Client, Contact, Credential, Medicine, Provider, TeamMember

PASSWORD = "correct horse battery staple"
_hashed = {}


def _password_hash() -> str:
    """One slow hash for the whole run."""
    if "password" not in _hashed:
        _hashed["password"] = make_password(PASSWORD)
    return _hashed["password"]


class UserFactory(DjangoModelFactory):
    """An account that signs in with PASSWORD. `roles`: codes, granted at once."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@alderhouse.example")
    name = factory.Sequence(lambda n: f"Robin Person{n}")
    password = factory.LazyFunction(_password_hash)

    roles = ()

    @classmethod
    def _build(cls, model_class, *args, **kwargs):
        kwargs.pop("roles")  # rows of their own, which a user that is not saved cannot have
        return super()._build(model_class, *args, **kwargs)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        roles = kwargs.pop("roles")
        user = super()._create(model_class, *args, **kwargs)
        for role in roles:
            RoleGrant.objects.create(user=user, role=role, granted_by="system:tests")
        return user


class ClientFactory(DjangoModelFactory):
    """A client without an account; `with_user=True` gives her one."""

    class Meta:
        model = Client

    class Params:
        with_user = factory.Trait(
            user=factory.SubFactory(
                UserFactory,
                roles=["client"],
                name=factory.SelfAttribute("..legal_name"),
                email=factory.SelfAttribute("..email"),
            )
        )

    number = factory.LazyFunction(lambda: (Client.objects.aggregate(n=Max("number"))["n"] or 0) + 1)
    legal_name = factory.Sequence(lambda n: f"Jordan Avery{n}")
    birth_date = date(1984, 8, 3)
    email = factory.Sequence(lambda n: f"client{n}@mail.example")
    phone = factory.Sequence(lambda n: f"310555{n % 10000:04d}")
    state = "CA"
    added_by = "system:tests"


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = Contact

    client = factory.SubFactory(ClientFactory)
    name = factory.Sequence(lambda n: f"Sam Friend{n}")
    relation = "Friend"
    phone = "3105550188"
    email = factory.Sequence(lambda n: f"friend{n}@mail.example")
    is_driver = True
    is_adult = True


class AllergyFactory(DjangoModelFactory):
    class Meta:
        model = Allergy

    client = factory.SubFactory(ClientFactory)
    substance = "penicillin"
    reaction = "rash"


class MedicineFactory(DjangoModelFactory):
    class Meta:
        model = Medicine

    client = factory.SubFactory(ClientFactory)
    name = "sertraline"
    dose_amount = 50
    dose_unit = "mg"
    how_often = "once a day"


class CredentialFactory(DjangoModelFactory):
    """In force for a year around now, unless told otherwise."""

    class Meta:
        model = Credential

    provider = factory.SubFactory("tests.factories.people.ProviderFactory")
    kind = Credential.Kind.LICENCE
    number = factory.Sequence(lambda n: f"LIC{n:05d}")
    state = factory.LazyAttribute(lambda o: "CA" if o.kind in ("licence", "dea") else "")
    issued_on = factory.LazyFunction(lambda: clock.now().date() - timedelta(days=400))
    expires_on = factory.LazyFunction(lambda: clock.now().date() + timedelta(days=400))


NEEDED = {"therapist": ("licence",), "prescriber": ("licence", "dea"), "monitor": ("bls",)}


class ProviderFactory(DjangoModelFactory):
    """A bookable staff member. `roles` go to her account; `credentialed=True` adds what they need in CA."""

    class Meta:
        model = Provider
        skip_postgeneration_save = True

    class Params:
        roles = ("therapist",)

    user = factory.SubFactory(UserFactory, roles=factory.SelfAttribute("..roles"))
    title = "LMFT"
    colour = factory.Sequence(lambda n: n % 8 + 1)

    @factory.post_generation
    def credentialed(self, create, extracted, **kwargs):
        if not extracted:
            return
        for kind in sorted({k for role in self.user.roles for k in NEEDED.get(role, ())}):
            number = "AB1234563" if kind == "dea" else f"{kind.upper()}-{self.pk.hex[:6]}"
            CredentialFactory(provider=self, kind=kind, number=number)


def _clinical_role(user) -> str:
    for role in (Role.THERAPIST, Role.PRESCRIBER, Role.MONITOR):
        if role in user.roles:
            return role
    return Role.THERAPIST


class TeamMemberFactory(DjangoModelFactory):
    class Meta:
        model = TeamMember

    client = factory.SubFactory(ClientFactory)
    user = factory.SubFactory(UserFactory, roles=["therapist"])
    role = factory.LazyAttribute(lambda o: _clinical_role(o.user))
    joined_by = "system:tests"
