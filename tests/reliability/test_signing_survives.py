"""Signatures while web, worker and database die: each is whole or absent, every hash holds, every PDF comes in the end.

Whole: document, signature, the PDF that is owed, the copy that is owed, the request that is done, and its history
stand in one transaction.
"""

import io
import queue
import re
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections

from kap.core import clock
from kap.documents import seal, texts
from kap.documents.models import Document, DocumentPdf, RenderJob, Signature, SignatureRequest
from kap.documents.verify import verify
from kap.outbox.models import Message
from tests.factories.core import ClinicFactory
from tests.factories.documents import asked, initials_for
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory
from tests.reliability.drill import Broken, Person

PARTS = ("web", "worker", "database")
HANDS = 3  # people who sign at the same moment


def requests_to_sign(wanted: int) -> list[tuple]:
    """(client, request), each client with every text that she signs herself."""
    kinds = [
        (text["kind"], text["route"], text["setting"])
        for text in texts.shipped()
        if text["kind"] != "chaperone_agreement" and text["setting"] in ("", "in_clinic")
    ]
    found = []
    while len(found) < wanted:
        course = CourseFactory(client=ClientFactory(with_user=True))
        for kind, route, setting in kinds[: wanted - len(found)]:
            found.append((course.client, asked(course, kind, route, setting)))
    return found


class Hand(threading.Thread):
    """Signs what is in the queue as a person would: send; when no page comes, look whether it is signed, else again."""

    def __init__(self, jobs: queue.Queue, signed: list) -> None:
        super().__init__(daemon=True)
        self.jobs, self.signed, self.faults = jobs, signed, []

    def run(self) -> None:
        while True:
            try:
                person, path, body = self.jobs.get_nowait()
            except queue.Empty:
                return
            until = time.monotonic() + 120
            while not self.sign(person, path, body):
                if time.monotonic() > until:
                    self.faults.append(f"{path} could not be signed")
                    break
                time.sleep(0.3)
            else:
                self.signed.append(path)

    def sign(self, person: Person, path: str, body: dict) -> bool:
        """One try. The form is opened anew each time, with the token that its button carries."""
        status, to, page = person.ask("GET", path)
        if status == 302:
            return is_document(to)
        if status != 200:
            return False
        once = re.search(r'name="once" value="([^"]+)"', page)
        status, to, page = person.ask("POST", path, {**body, "once": once.group(1)})
        if status == 422:
            self.faults.append(page[-2000:])
        return status == 302 and is_document(to)


def is_document(address: str) -> bool:
    return re.fullmatch(r"/documents/[0-9a-f-]{36}", address) is not None


def drill(broken, *, signings: int, kills: int, seed: int) -> dict:
    clinic = broken(seed=seed, env={"KAP_SWEEP_SECONDS": "2"})
    ClinicFactory()
    wanted = requests_to_sign(signings)
    people = {client.pk: Person(client.user, clinic.stack.port) for client, _request in wanted}
    jobs, signed = queue.Queue(), []
    for client, request in wanted:
        initials = {f"initials_{key}": "JA" for key in initials_for(request.template)}
        jobs.put(
            (
                people[client.pk],
                f"/documents/sign/{request.pk}",
                {"printed_name": client.legal_name, **initials},
            )
        )
    connections.close_all()
    clinic.up()
    began = time.time()
    hands = [Hand(jobs, signed) for _n in range(HANDS)]
    for hand in hands:
        hand.start()
    kill_while_they_sign(clinic, hands, signed, signings, kills)
    for hand in hands:
        hand.join(180)
    assert not [fault for hand in hands for fault in hand.faults]
    seconds = time.time() - began
    prepared(clinic, seconds=240)
    figures = {
        "signings": len(signed), "kills": dict(clinic.kills), "signed in s": round(seconds),
        "all PDFs after s": round(time.time() - began),
        "pages that failed": sum(sum(person.failures.values()) for person in people.values()),
        "rendered twice": sum(n - 1 for n in RenderJob.objects.values_list("attempts", flat=True)),
    }  # fmt: skip
    print(figures)
    assert sum(clinic.kills.values()) == kills
    assert len(signed) == signings
    assert figures["pages that failed"] > 0, "no kill hit anybody: the drill shows nothing"
    all_whole([request for _client, request in wanted])
    all_true()
    return figures


def kill_while_they_sign(clinic: Broken, hands, signed: list, signings: int, kills: int) -> None:
    """The next part dies whenever another share is signed: so many kills fall into the midst of signing."""
    order = [part for _n in range(kills) for part in clinic.dice.sample(PARTS, len(PARTS))][:kills]
    for number, part in enumerate(order):
        wanted = (number + 0.5) * signings / kills
        while len(signed) < wanted and any(hand.is_alive() for hand in hands):
            time.sleep(0.02)
        time.sleep(clinic.dice.uniform(0, 0.3))
        clinic.hit(part, down=clinic.dice.uniform(0.1, 1))


def prepared(clinic: Broken, seconds: float) -> None:
    """Wait for every PDF. Who ends by itself is started again, as `make run` and systemd do.

    A worker that was killed leaves its lease; moving the clock ends it.
    """
    until, moved, last = time.time() + seconds, time.time(), -1
    while left := RenderJob.objects.filter(done_at=None).count():
        assert time.time() < until, list(RenderJob.objects.filter(done_at=None).values())
        clinic.look_after()
        if left != last:
            last, moved = left, time.time()
        elif time.time() - moved > 5:
            clock.advance(timedelta(minutes=4))
            moved = time.time()
        time.sleep(0.5)


def all_whole(wanted: list) -> None:
    """Nothing more and nothing less than one of each."""
    assert not SignatureRequest.objects.filter(document=None).exists()
    documents = set(Document.objects.values_list("pk", flat=True))
    assert len(documents) == len(wanted)
    assert set(SignatureRequest.objects.values_list("document_id", flat=True)) == documents
    for model in (Signature, RenderJob, DocumentPdf):
        rows = list(model.objects.values_list("document_id", flat=True))
        assert len(rows) == len(documents), model
        assert set(rows) == documents, model
    copies = Message.objects.filter(kind="document_copy").values_list("cause", flat=True)
    assert sorted(copies) == sorted(f"documents.document:{pk}" for pk in documents)
    event = SignatureRequest.history.field.model
    history = event.objects.exclude(document_id=None)
    assert set(history.values_list("document_id", flat=True)) == documents
    assert history.count() == len(documents)
    assert {row.pgh_context["verb"] for row in history} == {"documents.sign_request"}


def all_true() -> None:
    """Every hash verifies, every PDF opens and bears the seal."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    for document in Document.objects.prefetch_related("signatures"):
        lines = verify(document)
        assert [line.good for line in lines] == [True] * 4, (document, lines)
    for pdf in DocumentPdf.objects.all():
        body = bytes(pdf.body)
        assert int(PdfFileReader(io.BytesIO(body)).root["/Pages"]["/Count"]) == pdf.pages
        assert seal.check(body).good


def test_thirty_signings_and_six_kills(broken):
    drill(broken, signings=30, kills=6, seed=5)


@pytest.mark.sweep
def test_three_hundred_signings_and_eighteen_kills(broken):
    drill(broken, signings=300, kills=18, seed=6)
