"""Changing the key of what is encrypted: every sealed value is opened and sealed again under the newest key.

In batches, each a transaction of its own, while the clinic works. What is done stays done: a run that was ended
half-way is simply started again. A row is locked while its value is exchanged, so nobody's typing is overwritten.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.apps import apps
from django.db.models import Model
from django.views.decorators.debug import sensitive_variables
from pghistory.models import Event

from kap.core import vault
from kap.core.actions import System, action
from kap.core.vault import SealedText, Unreadable

BATCH = 200  # rows in one transaction
ROTATION = System("rotate_keys")


@dataclass(frozen=True)
class Place:
    """One column of sealed values."""

    model: type[Model]
    column: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.column}"

    def rows(self):
        """Rows that hold anything at all here."""
        return self.model._base_manager.exclude(**{self.column: ""}).exclude(
            **{f"{self.column}__isnull": True}
        )

    def behind(self):
        """Rows whose value is not under the newest key."""
        newest = vault.prefix(vault.keys().newest)
        return self.rows().exclude(**{f"{self.column}__startswith": newest})


def places() -> list[Place]:
    """Every SealedText of every model; a new one is found by itself."""
    found = [
        Place(model, one.attname)
        for model in apps.get_models()
        if not issubclass(model, Event)
        for one in model._meta.local_concrete_fields
        if isinstance(one, SealedText)
    ]
    return sorted(found, key=lambda place: place.label)


@dataclass
class Count:
    """Of one place: all values, those sealed anew in this run, what is still behind, ids that did not open."""

    place: Place
    total: int = 0
    done: int = 0
    left: int = 0
    unreadable: list = field(default_factory=list)


def rotate(
    place: Place, *, batch: int = BATCH, after_batch: Callable[[Count], object] = lambda count: None
) -> Count:
    """Bring one place under the newest key. Rows that do not open are left as they are, and named."""
    count, last = Count(place), None
    while pks := _next(place, last, batch):
        last = pks[-1]
        done, unreadable = reseal(place=place, pks=pks, by=ROTATION)
        count.done += done
        count.unreadable += unreadable
        after_batch(count)
    count.total, count.left = place.rows().count(), place.behind().count()
    return count


def _next(place: Place, last, batch: int) -> list:
    rows = place.behind().order_by("pk")
    if last is not None:  # rows that did not open are not tried for ever
        rows = rows.filter(pk__gt=last)
    return list(rows.values_list("pk", flat=True)[:batch])


@action("vault.reseal")
@sensitive_variables()
def reseal(*, place: Place, pks: list, by) -> tuple[int, list]:
    """Seal these rows' values anew. Returns how many, and the ids of those that do not open."""
    done, unreadable = 0, []
    for row in place.behind().filter(pk__in=pks).select_for_update(of=("self",)).order_by("pk"):
        try:
            words = vault.read(row, place.column)
        except Unreadable:
            unreadable.append(row.pk)
            continue
        vault.write(row, place.column, words)
        row.save(update_fields=[place.column])
        done += 1
    return done, unreadable
