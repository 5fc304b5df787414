# SPDX-License-Identifier: EUPL-1.2
"""A witness of a log: a process of another party, that signs only what grew out of what it saw.

It is simulator code, not part of the gateway: it has a folder and a key of its own and knows of the
gateway nothing but the public key of its log (the import-linter contract ``witness`` holds that).

* ``record.py``  what it saw of each log, durable before it answers; what it answers
* ``serve.py``   the same over HTTP, on the loopback address
"""
