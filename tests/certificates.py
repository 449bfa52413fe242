"""Certificates that last for a test, and the authority that vouches for them."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(True, 0))

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *parts: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self.name, subject, key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        for part in parts:
            builder = builder.add_extension(part, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def pem(self) -> str:
        """What a client trusts."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.pem())

    def write(self, path: Path, name: x509.GeneralName) -> None:
        """A server's key and certificate, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._sign(x509.Name([]), key, x509.SubjectAlternativeName([name]))
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )

    def server(self, folder: Path, name: x509.GeneralName) -> ssl.SSLContext:
        path = folder / "server.pem"
        self.write(path, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context
