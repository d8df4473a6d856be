"""Messages that are due while everything dies: none is lost, few come twice, and the page tells the truth.

The figures of the long run are in docs/reliability.md.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connections

from kap.core import clock
from kap.outbox.channels import message_id
from kap.outbox.models import Message, State
from tests.factories.core import ClinicFactory
from tests.factories.people import UserFactory
from tests.reliability.drill import Broken, Person, counts_on

PARTS = ("web", "worker", "beat", "database", "redis")


@dataclass(frozen=True)
class Plan:
    messages: int
    kills: int
    over: float  # seconds, in which the messages come due and the kills fall
    refusing: float  # seconds for which the mail server refuses
    hurry: bool  # let leases end by moving the clock, once nothing moves any more


def owe(plan: Plan, start) -> dict[str, float]:
    """Rows due one after the other over the whole time. Returns when each is due, by Message-ID."""
    rows = Message.objects.bulk_create(
        Message(
            key=f"drill {n}", kind="document_copy", to_address=f"person{n}@mail.example", to_name=f"Person {n}",
            send_at=start + timedelta(seconds=plan.over * n / plan.messages), owed_by="system:tests",
            context={"path": "/documents/x"},
        )
        for n in range(plan.messages)
    )  # fmt: skip
    return {message_id(row): row.send_at.timestamp() for row in rows}


def faults(clinic: Broken, plan: Plan, start: float) -> list:
    """(when, what) in order: every part is killed in turn, in an order and at moments that the seed decides."""
    dice, victims = clinic.dice, []
    while len(victims) < plan.kills:
        victims += dice.sample(PARTS, len(PARTS))
    planned = [(start + dice.uniform(0, plan.over), victim) for victim in victims[: plan.kills]]
    planned += [(start + plan.over * 0.4, "flush"), (start + plan.over * 0.2, "refuse")]
    return sorted(planned)


def break_it(clinic: Broken, plan: Plan, start: float) -> None:
    """Every fault at its time; what was killed comes back after 0.2 to 2 s, and others may die meanwhile."""
    todo = faults(clinic, plan, start)
    while todo:
        when, what = todo.pop(0)
        time.sleep(max(0, when - time.time()))
        if what == "flush":
            clinic.mend("redis")
            clinic.flush_redis()
        elif what == "refuse":
            clinic.postbox.refuse = True
            todo = sorted([*todo, (time.time() + plan.refusing, "accept")])
        elif what == "accept":
            if clinic.postbox.refused or time.time() > start + 4 * plan.over:
                clinic.postbox.refuse = False
            else:  # the worker was down all the time: it has yet to meet a refusal
                todo = sorted([*todo, (time.time() + 1, "accept")])
        elif what.startswith("mend "):
            clinic.mend(what.removeprefix("mend "))
        else:
            clinic.mend(what)  # should it still be down
            clinic.kill(what)
            todo = sorted([*todo, (time.time() + clinic.dice.uniform(0.2, 2), f"mend {what}")])
    for part in PARTS:
        clinic.mend(part)


def settle(clinic: Broken, plan: Plan, seconds: float) -> None:
    """Wait until nothing is owed any more. Who ends by itself is started again, as `make run` and systemd do."""
    connections.close_all()
    until, moved, last = time.time() + seconds, time.time(), -1
    while owed := Message.objects.filter(state=State.OWED).count():
        assert time.time() < until, f"{owed} are still owed.\n{clinic.stack.log('worker')[-4000:]}"
        clinic.look_after()
        if owed != last:
            last, moved = owed, time.time()
        elif plan.hurry and time.time() - moved > 4:
            clock.advance(timedelta(seconds=65))
            moved = time.time()
        time.sleep(0.5)


class Watcher(threading.Thread):
    """Somebody who looks at the outbox page all the time."""

    def __init__(self, person: Person, clinic: Broken, plan: Plan) -> None:
        super().__init__(daemon=True)
        self.person, self.clinic, self.plan = person, clinic, plan
        self.lies, self.seen, self.done = [], 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.7):
            status, _to, page = self.person.ask("GET", "/messages/?tab=sent")
            accepted = len(self.clinic.postbox.accepted)
            if status == 200:
                self.seen += 1
                shown = counts_on(page)
                if sum(shown.values()) != self.plan.messages or shown["sent"] > accepted:
                    self.lies.append((shown, accepted))


def drill(broken, plan: Plan, seed: int) -> dict:
    clinic = broken(seed=seed, env={"KAP_SWEEP_SECONDS": "2"})
    ClinicFactory()
    admin = UserFactory(roles=["admin"])
    clinic.up()
    watcher = Watcher(Person(admin, clinic.stack.port), clinic, plan)
    start = clock.now() + timedelta(seconds=1)
    due = owe(plan, start)
    connections.close_all()
    watcher.start()
    began = time.time()
    break_it(clinic, plan, start.timestamp())
    settle(clinic, plan, seconds=300)
    watcher.done.set()
    watcher.join()

    accepted, kills = clinic.postbox.accepted, sum(clinic.kills.values())
    repeats = sum(len(times) - 1 for times in accepted.values())
    late = sorted(accepted[key][0] - due[key] for key in accepted)
    figures = {
        "messages": plan.messages, "kills": dict(clinic.kills), "ended": dict(clinic.ended), "refused": clinic.postbox.refused,
        "lost": len(due.keys() - accepted.keys()), "repeats": repeats, "worst lateness s": round(late[-1], 1),
        "median lateness s": round(late[len(late) // 2], 1), "seconds": round(time.time() - began),
        "pages seen": watcher.seen, "pages failed": dict(watcher.person.failures),
    }  # fmt: skip
    print(figures)
    assert figures["lost"] == 0, figures
    assert accepted.keys() == due.keys()
    assert kills == plan.kills
    assert repeats <= kills, figures
    assert clinic.postbox.refused > 0
    the_page_is_true(clinic, Person(admin, clinic.stack.port), due)
    assert watcher.seen > 0
    assert not watcher.lies, watcher.lies[:3]
    return figures


def the_page_is_true(clinic: Broken, person: Person, due: dict) -> None:
    """Page, table and the mail server's ledger say the same."""
    clinic.stack.wait("web")
    status, _to, page = person.ask("GET", "/messages/?tab=sent")
    assert status == 200
    shown = counts_on(page)
    table = Counter(Message.objects.values_list("state", flat=True))
    assert shown == {state: table[state] for state in State.values}
    assert shown == {"owed": 0, "sent": len(due), "dropped": 0, "failed": 0}
    assert {message_id(row) for row in Message.objects.filter(state="sent")} == clinic.postbox.accepted.keys()


def test_two_hundred_messages_and_six_kills(broken):
    drill(broken, Plan(messages=200, kills=6, over=12, refusing=3, hurry=True), seed=11)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", [1])
def test_two_thousand_messages_and_twenty_kills(broken, seed):
    drill(broken, Plan(messages=2000, kills=20, over=100, refusing=60, hurry=False), seed=seed)
