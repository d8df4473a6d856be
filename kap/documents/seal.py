"""The clinic's seal: PAdES over the finished PDF, so that any reader shows when a byte was changed.

It is the clinic that seals, not the client. The key is made at first use under VAR_DIR/seal, self-signed, for
ten years, readable by the clinic's account alone; back it up with the database. Earlier certificates stay
beside it, so that what they sealed can still be checked. No time stamp of a third party: that needs a network.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from django.conf import settings

from kap.core import clock
from kap.core.context import current_clinic

FIELD = "ClinicSeal"
YEARS = 10


def folder() -> Path:
    return Path(settings.VAR_DIR) / "seal"


def seal(body: bytes) -> bytes:
    """The PDF with the clinic's signature over all of it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    key, certificate = own_key()
    signer = signers.SimpleSigner.load(str(key), str(certificate))
    if signer is None:
        raise SealFailed(f"The seal's key in {folder()} cannot be read. Restore it from the back-up.")
    clinic = current_clinic()
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES, name=getattr(clinic, "name", "Clinic"), reason="Sealed record",
    )  # fmt: skip
    out = BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(body)), meta, signer=signer, output=out)
    return out.getvalue()


class SealFailed(Exception):
    """The seal could not be made; the words say why."""


@dataclass(frozen=True)
class SealCheck:
    """`whole`: not a byte has changed since sealing. `ours`: the seal is of this clinic."""

    whole: bool
    ours: bool
    words: str

    @property
    def good(self) -> bool:
        return self.whole and self.ours


def check(body: bytes) -> SealCheck:
    """Whether a PDF is as the clinic sealed it. Never raises: what cannot be read is not whole."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    try:
        found = [s for s in PdfFileReader(BytesIO(body)).embedded_signatures if s.field_name == FIELD]
        if not found:
            return SealCheck(False, False, "It has no seal.")
        roots = _certificates()
        status = validate_pdf_signature(found[0], ValidationContext(trust_roots=roots, allow_fetching=False))
        whole = status.intact and status.valid and status.coverage.name in ("ENTIRE_FILE",)
        ours = found[0].signer_cert.dump() in {root.dump() for root in roots}
    except Exception as error:
        return SealCheck(
            False, False, f"It was changed after sealing, or is damaged ({type(error).__name__})."
        )
    if not whole:
        return SealCheck(False, ours, "It was changed after sealing.")
    return SealCheck(True, ours, "Unchanged since sealing." if ours else "Sealed by somebody else.")


def _certificates() -> list:
    from pyhanko.keys import load_cert_from_pemder

    return [load_cert_from_pemder(str(path)) for path in sorted(folder().glob("*.crt"))]


def own_key() -> tuple[Path, Path]:
    """Key and certificate; made once, also when two workers ask at the same moment."""
    key, pointer = folder() / "seal.key", folder() / "seal.crt"
    if not key.exists():
        _make()
    return key, pointer


def _make() -> None:
    """Both are written beside and put in place by hard link, the key last: the first worker wins."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = folder() / "making"
    handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
        if (folder() / "seal.key").exists():
            return
        key, certificate = _new_pair()
        _write(folder() / "seal.crt", certificate, 0o644)
        _write(folder() / "seal.key", key, 0o600)
    finally:
        os.close(handle)


def _write(path: Path, body: bytes, mode: int) -> None:
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def _new_pair() -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    clinic = current_clinic()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, getattr(clinic, "name", "Clinic")[:64]),
            x509.NameAttribute(
                x509.NameOID.COMMON_NAME, f"{getattr(clinic, 'name', 'Clinic')[:50]} document seal"
            ),
        ]
    )
    wall = (
        clock.now() - clock.offset()
    )  # a seal is checked against real time, whatever the demonstration's clock says
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wall - timedelta(days=1))
        .not_valid_after(wall + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return (
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )
