# SPDX-License-Identifier: EUPL-1.2
"""Whose time stamps count: an authority by its OIN, whose certificate counted when it stamped.

A certificate for time stamps under a root is not enough: an authority that was revoked, or another
one under the same root, stamps nothing for us (``ketting.py``). What a reader leaves out of what he
gives (a revocation list, the authority's own certificate) is not looked at, and that is said.

What this does not protect against: the time in a stamp is the authority's word. Who has the key of
one that was revoked writes a time from before that; the cosignatures of witnesses then do not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from gateway.audit.stamp import Trust
from gateway.errors import TrustError
from gateway.trust.ketting import Doel, Weigering, check_chain, signer_van
from gateway.trust.vertrouwen import Vertrouwen, lees_certificaten, lees_lijsten, mag_uitgeven

NO_LIST = (
    "that the certificate of who stamped was not revoked: there is no revocation list among the "
    "certificates of the authority; give that too"
)
NO_TSA = (
    "that the time stamps are of one authority: any under these roots counts, for the authority's "
    "own certificate is not among what was given; give that too"
)


def stempelaars(
    pems: Mapping[str, bytes], *, strict: bool = False,
    earlier: Callable[[datetime], tuple[str, ...]] = lambda _: (),
) -> Trust:  # fmt: skip
    """Read PEM files, by name: root, issuers, their revocation lists, the authority's certificate.

    ``strict``: without a list, or without the authority's certificate, no time stamp counts.
    ``earlier``: the OINs of authorities before this one whose stamps of a moment count as well.
    Raises :class:`TrustError`, which names the file.
    """
    named = ", ".join(pems) or "nothing"
    found, lists = _read(pems)
    oins = {signer_van(one).oin for one in found if not mag_uitgeven(one)} - {""}
    if len(oins) > 1:
        raise TrustError(
            f"{named}: these are certificates of several authorities",
            hint="give that of the one whose time stamps count",
        )
    oin = next(iter(oins), "")
    roots = tuple(one for one in found if one.issuer == one.subject)
    if not roots:
        raise TrustError(f"{named}: there is no root certificate among these",
                         hint="give the root too, in the same file or another")  # fmt: skip
    trust = Trust(roots, tuple(one for one in found if one not in roots))
    if not lists and not strict:
        return replace(trust, unproven=(NO_LIST,) + (NO_TSA,) * (not oin))
    try:
        belief = Vertrouwen.van_pem(pems.values())
    except TrustError as error:
        raise TrustError(f"{named}: {error.sentence}", hint=error.hint) from None

    def judge(cert: x509.Certificate, beside: Sequence[x509.Certificate], at: datetime) -> str:
        if strict and not oin:
            return "whose it must be is not known: tsa.pem is not beside the other certificates"
        oins = (oin, *earlier(at)) if oin else None
        said = check_chain(cert, beside, belief, at, oin=oins, doel=Doel.TIJDSTEMPEL)
        return said.sentence if isinstance(said, Weigering) else ""

    return replace(trust, judge=judge, unproven=(NO_TSA,) * (not oin and not strict))


def _read(pems: Mapping[str, bytes]) -> tuple[list[x509.Certificate], bool]:
    """The certificates in all of them, and whether there is a list; each must hold one of these."""
    found, lists = list[x509.Certificate](), False
    for name, content in pems.items():
        certificates, here = lees_certificaten(content, name), bool(lees_lijsten(content))
        if not certificates and not here:
            raise TrustError(f"{name} holds no certificate and no revocation list in PEM")
        found, lists = found + certificates, lists or here
    return found, lists
