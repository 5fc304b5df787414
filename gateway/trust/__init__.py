# SPDX-License-Identifier: EUPL-1.2
"""Trust domains: whose key is whose, and whether a signature is that of whom it says it is.

Each party of the chain signs with a key of its own, in a directory of its own; none can speak for
another. Where is what:

* ``domeinen.py``  which domains a configuration has; OINs; their places on the disk  [pure]
* ``ketting.py``   is this certificate to be trusted at that moment, and whose is it  [pure]
* ``xmlzegel.py``  a seal inside an XML document: made, and judged                    [pure]
* ``vertrouwen.py`` what a verifier believes in, read from PEM                        [pure]
* ``weigering.py`` why a signature is not believed, in words                         [pure]
* ``openbaar.py``  public keys as others read them                                    [pure]
* ``uitgifte.py``  makes keys, certificates and revocation lists, as bytes            [no disk]
* ``sleutels.py``  reads keys: ours, and one's own from PEM or PKCS#12                (io)
* ``pki.py``       the development PKI of ``knooppunt init``                          (io)
* ``wissel.py``    a new key beside an old one, and a certificate revoked             (io)
* ``kopie.py``     what of it a backup holds                                          (io)

The gateway needs the private keys of ``log`` and ``zegel-gateway`` alone, and what lies in
``vertrouwen/``, where nothing is secret.
"""
