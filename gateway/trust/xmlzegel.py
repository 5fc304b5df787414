# SPDX-License-Identifier: EUPL-1.2
"""A seal inside an XML document (XMLDSig, W3C 2008): made, and judged.

One signature as the last child of the root, over the whole document but for itself: Reference URI
"", no Id anywhere, inclusive C14N (exclusive C14N of signxml is refused by xmlsec1). The signer's
certificate, and those of its issuers but the root, go with it. Anybody can check it:
``xmlsec1 --verify --trusted-pem root.pem --untrusted-pem intermediate.pem FILE``; but that accepts
every signer under the root, so whoever checks must also look at the OIN in the certificate.

What is judged to be signed is what is given back: nothing else of the document may be read. The
form of the signature is the caller's to check first (schemas/xmldsig-zegel.xsd).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import InvalidDigest, SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from gateway.trust.ketting import (
    ONLEESBAAR,
    Code,
    Signer,
    Vertrouwen,
    Weigering,
    check_chain,
)

DS = "http://www.w3.org/2000/09/xmldsig#"
_BEGIN = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_C14N = CanonicalizationMethod.CANONICAL_XML_1_0
_TRANSFORMS = [SignatureConstructionMethod.enveloped.value, _C14N.value]
_METHODS = frozenset({SignatureMethod.ECDSA_SHA256, SignatureMethod.RSA_SHA256})


class Verzegeld(NamedTuple):
    """A seal that is believed: whose it is, and the root of what was signed."""

    signer: Signer
    inhoud: etree._Element


def verzegel(
    document: bytes,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    certificates: Sequence[x509.Certificate],
) -> bytes:
    """The document with a seal in it; ``certificates``: the signer's own, then its issuers'."""
    ecdsa = isinstance(key, ec.EllipticCurvePrivateKey)
    signer = XMLSigner(
        SignatureConstructionMethod.enveloped,
        SignatureMethod.ECDSA_SHA256 if ecdsa else SignatureMethod.RSA_SHA256,
        DigestAlgorithm.SHA256,
        _C14N,
    )
    sealed = signer.sign(etree.fromstring(document), key=key, cert=list(certificates))
    return _BEGIN + etree.tostring(sealed, encoding="UTF-8", xml_declaration=False) + b"\n"


def controleer(
    root: etree._Element, trust: Vertrouwen, at: datetime, oin: str
) -> Verzegeld | Weigering:
    """Believe the seal in a document, or say why not.

    In this order: the key of the certificate made it, the bytes are those that it was made over,
    the certificate counted at ``at``, and it is of the organisation with this OIN itself.
    """
    signatures = root.findall(f"{{{DS}}}Signature")
    if len(signatures) != 1 or not _is_whole(signatures[0]):
        return Weigering.om(Code.HANDTEKENING_ONJUIST)
    certificates = _certificates(signatures[0])
    if not certificates:
        return Weigering.om(Code.HANDTEKENING_ONJUIST)
    signed = _signed(root, certificates[0])
    if isinstance(signed, Weigering):
        return signed
    signer = check_chain(certificates[0], certificates[1:], trust, at, oin=oin)
    return signer if isinstance(signer, Weigering) else Verzegeld(signer, signed)


def _is_whole(signature: etree._Element) -> bool:
    """Over the whole document: one reference, to "", with these transforms in this order."""
    references = signature.findall(f".//{{{DS}}}Reference")
    transforms = [one.get("Algorithm") for one in signature.iter(f"{{{DS}}}Transform")]
    return [one.get("URI") for one in references] == [""] and transforms == _TRANSFORMS


def _certificates(signature: etree._Element) -> list[x509.Certificate]:
    found = []
    for one in signature.iter(f"{{{DS}}}X509Certificate"):
        try:
            found.append(x509.load_der_x509_certificate(b64decode(one.text or "")))
        except (*ONLEESBAAR, binascii.Error):
            return []
    return found


def _signed(root: etree._Element, certificate: x509.Certificate) -> etree._Element | Weigering:
    """The root of what the certificate's key signed. When it was valid is asked elsewhere."""
    try:
        config = SignatureConfiguration(
            location="./",
            signature_methods=_METHODS,
            digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
            verification_time=certificate.not_valid_before_utc,
        )
        found = XMLVerifier().verify(
            root, x509_cert=certificate, expect_config=config, validate_schema=False
        )
    except InvalidDigest:
        return Weigering.om(Code.ANDERE_BYTES)
    except (SignXMLException, *ONLEESBAAR):
        return Weigering.om(Code.HANDTEKENING_ONJUIST)
    signed = found.signed_xml if not isinstance(found, list) else None
    if signed is None or signed.tag != root.tag:
        return Weigering.om(Code.HANDTEKENING_ONJUIST)
    return signed
