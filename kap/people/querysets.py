"""Who sees whom, written once; and whose credentials hold on a day."""

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest

from kap.accounts.permissions import Can, Role
from kap.core import clock


class TeamQuerySet(models.QuerySet):
    def current(self, at=None):
        at = at or clock.now()
        return self.filter(since__lte=at).filter(Q(until=None) | Q(until__gt=at))

    def therapists(self):
        return self.filter(role=Role.THERAPIST)

    def prescribers(self):
        return self.filter(role=Role.PRESCRIBER)


class ClientQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whose chart this person may open: her own, those of her care teams, one by emergency access. Admins open none."""
        if user.may(Can.OPEN_CHART):
            seen = self._cared_for_by(user)
            return self.filter(seen | self._opened_by(user) if user.may(Can.BREAK_GLASS) else seen)
        if user.may(Can.USE_PORTAL):
            return self.filter(user=user)
        return self.none()

    def cared_for_by(self, user):
        """Those of her care teams alone, for what emergency access does not open."""
        return self.filter(self._cared_for_by(user)) if user.may(Can.OPEN_CHART) else self.none()

    def listed_for(self, user):
        """Whom this person may see by name, phone and appointment, nothing clinical."""
        if user.may(Can.MANAGE_ROSTER):
            return self
        return self.visible_to(user)

    @staticmethod
    def _cared_for_by(user):
        from kap.people.models import TeamMember

        return Exists(TeamMember.objects.current().filter(client=OuterRef("pk"), user=user))

    @staticmethod
    def _opened_by(user):
        """By emergency access that has not ended (kap.people.break_glass)."""
        from kap.people.models import BreakGlass

        return Exists(BreakGlass.objects.live().filter(client=OuterRef("pk"), user=user))

    def matching(self, words: str):
        """Find by name, KAP number or phone; sound-alike names included (trigram similarity)."""
        words = words.strip().replace("\x00", "")
        digits = "".join(c for c in words if c.isdigit())
        if words.upper().startswith("KAP") and digits:
            return self.filter(number=int(digits[:9]))
        if digits and len(digits) >= 4 and len(digits) >= len(words) - 6:
            return self.filter(Q(phone__contains=digits[-4:]) | Q(number=int(digits[:9])))
        return self.similar_to(words, at_least=0.25)

    def similar_to(self, name: str, at_least: float = 0.45):
        from django.contrib.postgres.search import TrigramWordSimilarity

        nearness = Greatest(
            TrigramWordSimilarity(name, F("legal_name")), TrigramWordSimilarity(name, F("chosen_name"))
        )
        near = self.annotate(nearness=nearness)
        return near.filter(Q(nearness__gte=at_least) | Q(legal_name__icontains=name)).order_by(
            "-nearness", "legal_name"
        )


class ProviderQuerySet(models.QuerySet):
    def active(self):
        return self.filter(user__is_active=True)

    def with_role(self, *roles):
        return self.filter(user__grants__role__in=roles, user__grants__ended_at=None).distinct()


class CredentialQuerySet(models.QuerySet):
    def live(self):
        return self.filter(ended_at=None)

    def in_force(self, day):
        """In date on that day, the first and the last day included."""
        return self.live().filter(issued_on__lte=day, expires_on__gte=day)

    def expiring_by(self, day):
        return self.live().filter(expires_on__lte=day)
