# SPDX-License-Identifier: EUPL-1.2
"""Evidence for who has neither the gateway nor its database: bundles, and a municipality's export.

* ``container.py``  the ZIP of an ASiC-E container, as strict as it can be          [no disk]
* ``opsomming.py``  ASiCManifest: which members there are, with their digests       [no disk]
* ``cades.py``      the seal over that manifest: detached CMS with CAdES attributes [no disk]
* ``index.py``      ``evidence.json``: what a bundle holds, and what it does not    [no disk]
* ``verhaal.py``    what the leaves say, in Dutch, for people                       [no disk]
* ``pagina.py``     that as ``summary.html``, and ``pdf.py`` as ``summary.pdf``     [no disk]
* ``leesmij.py``    ``README.txt``: how to verify it all without this software      [no disk]
* ``proofs.py``     leaves and their proofs, from the published log                 (io)
* ``gather.py``     all that a bundle about one message holds                       (io)
* ``bundle.py``     puts it together, seals it, and stamps it                       (io)
* ``believed.py``   what a verifier believes in, from a folder                      (io)
* ``pseudoniem.py``  who is behind a seal or login, by the log                      [no disk]
* ``gezien.py``     what a signer saw of the log, against the log of the bundle     [no disk]
* ``links.py``      the leaves that say so                                          (io)
* ``steps.py``, ``parts.py``, ``verify.py``  the numbered steps of a verification   [no disk]
* ``export.py``, ``check_export.py``  a municipality's own leaves, and their check  (io)

How it looks and how to check it: ``docs/howto-verify.md``.
"""
