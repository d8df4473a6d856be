"""The PDF: its words, its pages, its seal; and that it is made although workers die."""

import io
import subprocess
from datetime import timedelta

import pypdf
import pytest

from kap.core import clock
from kap.documents import actions, pdf, rendering, seal
from kap.documents.models import DocumentPdf, RenderJob
from kap.documents.verify import verify
from kap.worklist.models import Item
from tests.factories import documents as make
from tests.factories.people import UserFactory


def reader(document) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(bytes(DocumentPdf.objects.get(document=document).body)))


def words(document) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader(document).pages).split())


def test_the_signed_consent_becomes_a_sealed_pdf_with_all_its_words(course):
    document = make.signed(course, kind="kap_consent", route="iv", setting="in_clinic")
    assert rendering.render_owed() == 1
    stored = DocumentPdf.objects.get(document=document)
    text = words(document)
    assert stored.pages == len(reader(document).pages) >= 4
    for page in reader(document).pages:
        found = " ".join(page.extract_text().split())
        assert f"of {stored.pages}" in found
        assert "Alder House" in found
        assert "Ana Lee, born 03-Aug-1984" in found
        assert course.client.kap_number in found
        assert document.sha256 in found
    for section in document.template.sections:
        assert section["title"] in text
        assert " ".join(section["text"].split())[:60] in text
    assert "I consent (client)" in text
    assert text.count("Initials: JA") == sum(s["initial"] for s in document.template.sections)
    assert all(line.good for line in verify(document))


def test_it_is_tagged_for_screen_readers_and_uses_our_own_fonts_only(course, tmp_path):
    document = make.record(course)
    rendering.render_owed()
    path = tmp_path / "x.pdf"
    path.write_bytes(bytes(document.pdf.body))
    info = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in info
    fonts = subprocess.run(
        ["pdffonts", path], capture_output=True, text=True, check=True
    ).stdout.splitlines()[2:]
    assert fonts
    assert all("KAP" in line for line in fonts)


@pytest.mark.parametrize("lines", range(16, 44, 3))
def test_names_never_stand_on_a_page_alone(course, lines):
    """Else a page of signatures could be put behind any text."""
    rows = [[f"Goal {n}", f"Word{n} and what belongs to it"] for n in range(lines)]
    document = actions.freeze(
        client=course.client, course=course, kind="treatment_plan", title="Treatment plan", by=make.TESTS,
        content={"sections": [{"title": "Goals", "rows": rows}]},
    )  # fmt: skip
    actions.sign(
        document=document,
        printed_name="Mara Quinn",
        capacity="therapist",
        meaning="author",
        by=UserFactory(name="Mara Quinn"),
    )
    pages = pypdf.PdfReader(io.BytesIO(pdf.render(document).body)).pages
    (signed,) = [page.extract_text() for page in pages if "Signed by" in page.extract_text()]
    assert "and what belongs to it" in signed


def test_the_same_document_gives_the_same_bytes(course):
    document = make.record(course)
    assert pdf.render(document).body == pdf.render(document).body


@pytest.mark.parametrize(
    "tag",
    [
        '<img src="file:///etc/hostname">', '<img src="http://127.0.0.1:9/x">', '<img src="data:image/gif;base64,R0lGOD">',
        '<link rel="stylesheet" href="kap:../settings.py">', '<link rel="stylesheet" href="https://x.example/a.css">',
    ],
)  # fmt: skip
def test_a_document_may_load_nothing_but_our_own_files(clinic, tag):
    with pytest.raises(pdf.RenderFailed, match="may not load"):
        pdf.write(f"<!doctype html><title>x</title><body>{tag}<p>x")


def test_a_flipped_byte_breaks_the_seal_and_so_does_an_added_one(course):
    document = make.record(course)
    rendering.render_owed()
    body = bytes(document.pdf.body)
    assert seal.check(body).good
    first, length, second, rest = reader(document).get_fields()["ClinicSeal"]["/V"]["/ByteRange"]
    assert first + length < second  # between them lies the seal itself, with its padding
    for at in (200, length // 2, length - 1, second + 1, second + rest - 300):
        broken = bytearray(body)
        broken[at] ^= 1
        assert not seal.check(bytes(broken)).good
    assert not seal.check(body + b"\n% more").good
    assert not seal.check(b"no pdf at all").good
    assert not seal.check(pdf.render(document).body).good  # unsealed


def test_another_clinics_seal_is_not_ours(course, settings, tmp_path):
    document = make.record(course)
    body = pdf.render(document).body
    settings.VAR_DIR = tmp_path / "theirs"
    theirs = seal.seal(body)
    settings.VAR_DIR = tmp_path / "ours"
    seal.own_key()
    checked = seal.check(theirs)
    assert (checked.whole, checked.ours) == (True, False)


def test_the_key_is_readable_by_the_clinic_alone_and_made_once(clinic, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    key, certificate = seal.own_key()
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    seal._make()
    assert seal.own_key() == (key, certificate)
    assert key.read_bytes() == before


def test_a_worker_that_dies_leaves_the_job_to_another(course):
    document = make.record(course)
    assert rendering.claim(by=rendering.RENDER).pk == document.pk  # and then it is killed
    assert rendering.render_owed() == 0
    clock.advance(rendering.LEASE + timedelta(seconds=1))
    assert rendering.render_owed() == 1
    assert DocumentPdf.objects.filter(document=document).exists()


def test_the_late_twin_of_a_worker_changes_nothing(course):
    document = make.record(course)
    late = rendering.claim(by=rendering.RENDER)
    clock.advance(rendering.LEASE + timedelta(seconds=1))
    rendering.render_owed()
    before = bytes(DocumentPdf.objects.get(document=document).body)
    rendering.store(job=late, body=b"other", pages=1, by=rendering.RENDER)
    assert bytes(DocumentPdf.objects.get(document=document).body) == before


def test_after_five_tries_a_person_is_told_and_can_start_it_again(course, mara, monkeypatch):
    from kap.documents import actions

    document = make.record(course)
    with monkeypatch.context() as broken:
        broken.setattr(pdf, "render", lambda document: 1 / 0)
        for _ in range(5):
            assert rendering.render_owed() == 1
            clock.advance(timedelta(minutes=5))
        assert rendering.render_owed() == 0
    item = Item.objects.visible_to(mara).get()
    assert item.kind == "document_failed"
    assert "ZeroDivisionError" in RenderJob.objects.get().last_error
    actions.render_again(document=document, by=mara)
    assert rendering.render_owed() == 1
    item.refresh_from_db()
    assert item.closed_by_rule
