"""Is a document still what was signed? Content against its hash, HTML against the content, PDF against the seal."""

import json
from dataclasses import dataclass

from kap.documents import seal
from kap.documents.canonical import sha256
from kap.documents.models import DocumentPdf


@dataclass(frozen=True)
class Line:
    words: str
    good: bool | None  # None: cannot be told yet
    detail: str = ""


def verify(document) -> list[Line]:
    content, html = bytes(document.content), bytes(document.html)
    signatures = list(document.signatures.all())
    lines = [
        Line("The content is the one that was frozen", sha256(content) == document.sha256),
        Line("The page shows that content", json.loads(content).get("html_sha256") == sha256(html)),
        Line("Every signature is under that content", all(s.sha256 == document.sha256 for s in signatures)),
    ]
    stored = DocumentPdf.objects.filter(document=document).first()
    if stored is None:
        return [*lines, Line("The PDF is being prepared", None)]
    checked = seal.check(bytes(stored.body))
    whole = sha256(stored.body) == stored.sha256
    return [*lines, Line("The PDF carries the clinic's seal", whole and checked.good, checked.words)]
