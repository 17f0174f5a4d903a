"""A real OpenSearch with TLS, users and rights: the security plugin, and an authority of our own that lives as long as the node."""

import ipaddress
import json
import shutil
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.opensearch.cluster import Cluster

LONG = timedelta(days=2)
Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class Authority:
    """Signs certificates, as files in a folder: ca.pem, and for each name NAME.pem and NAME.key."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self.folder, self.name = folder, name
        self.own = self._made(name, None)

    @property
    def certificate(self) -> Path:
        """What OPENSEARCH_CA names."""
        return self.folder / f"{self.name}.pem"

    def sign(self, name: str) -> None:
        """A certificate for loopback, or for somebody of this name."""
        self._made(name, self.own)

    def _made(self, name: str, signer: Signer | None) -> Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer, signing = (signer[0].subject, signer[1]) if signer else (subject, key)
        identifier = x509.SubjectKeyIdentifier.from_public_key
        wanted: Sequence[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=signer is None, path_length=None), True),
            (_usage(signs=signer is None), True),
            (identifier(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier(signing.public_key())), False),
            (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False),
        ]
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(
            issuer, subject, key.public_key(), x509.random_serial_number(), now - LONG, now + LONG
        )
        for extension, critical in wanted:
            made = made.add_extension(extension, critical)
        certificate = made.sign(signing, hashes.SHA256())
        self._write(name, certificate, key)
        return certificate, key

    def _write(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
        (self.folder / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


class Secured(Cluster):
    """One node that speaks TLS alone and knows nobody but the holder of a certificate, who makes users."""

    recipe, scheme = "pom-secured.xml", "https"
    modules = (
        "org.opensearch.transport.Netty4ModulePlugin",
        "org.opensearch.index.mapper.MapperExtrasModulePlugin",
        "org.opensearch.security.OpenSearchSecurityPlugin",
    )

    def __init__(self, heap: str = "384m") -> None:
        super().__init__(1, heap)
        self.authority = Authority(self.home)
        for name in ("node", "administrator"):
            self.authority.sign(name)
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.load_cert_chain(self.home / "administrator.pem", self.home / "administrator.key")
        self._opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))

    def more(self, config: Path) -> list[str]:
        """Certificates, and a configuration in which nobody is known."""
        for name in ("ca.pem", "node.pem", "node.key"):
            shutil.copy(self.home / name, config)
        rules = config / "opensearch-security"
        shutil.copytree(self.made / "lib" / "config", rules, dirs_exist_ok=True)
        (rules / "internal_users.yml").write_text("_meta: {type: internalusers, config_version: 2}\n", "utf-8")
        files = {"pemcert_filepath": "node.pem", "pemkey_filepath": "node.key", "pemtrustedcas_filepath": "ca.pem"}
        lines = [
            f"plugins.security.ssl.{layer}.{key}: {value}"
            for layer in ("transport", "http")
            for key, value in files.items()
        ]
        return [
            *lines,
            "plugins.security.ssl.http.enabled: true",
            'plugins.security.authcz.admin_dn: ["CN=administrator"]',
            'plugins.security.nodes_dn: ["CN=node"]',
            "plugins.security.allow_default_init_securityindex: true",
        ]

    def answers(self, at: int) -> bool:
        """Up, and aware of who may do what."""
        try:
            with self.opened(self.urls[at] + "/_plugins/_security/health") as answer:
                return answer.status == 200 and super().answers(at)
        except OSError:
            return False

    def opened(self, url: str) -> Any:
        """As the holder of the administrator's certificate."""
        return self._opener.open(url, timeout=30)

    def told(self, method: str, path: str, body: object = None) -> Any:
        """What the node answers to the administrator."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(self.url + path, data=data, method=method, headers=headers)  # noqa: S310  https, ours
        with self._opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())

    def admit(self, user: str, password: str, role: dict[str, Any]) -> None:
        """A user with a role of the same name."""
        api = "/_plugins/_security/api"
        self.told("PUT", f"{api}/roles/{user}", role)
        self.told("PUT", f"{api}/internalusers/{user}", {"password": password})
        self.told("PUT", f"{api}/rolesmapping/{user}", {"users": [user]})
