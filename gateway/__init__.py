# SPDX-License-Identifier: EUPL-1.2
"""Knooppunt: the chain GGk -> RINIS -> CBS on your own machine.

Which file answers which question:

=====================================================  =========================
What are the nouns?                                    ``model.py``
Which states has a message, which events are leaves?   ``lifecycle.py``
How is a file name made, and read back?                ``names.py``
Half-years, windows, working days?                     ``periods.py``
What can be configured?                                ``config.py``
What does GGk decide? And RINIS?                       ``stations/ggk.py``, ``stations/rinis.py``
In which order do things happen; what at a crash?      ``engine.py``
Who claims, reads and stages; in which process?        ``clerk.py``, ``desk.py``
What when reading a file ends the process?             ``inhand.py``
Which tables are there, what SQL?                      ``store.py``
Where do files lie; when is a file finished?           ``folders.py``
How does a change become durable?                      ``durable.py``
How is a new file noticed at once?                     ``watch.py``
What does the audit log hold, how is it verified?      ``audit/``
What does the simulated CBS do, in which order?        ``cbs/werk.py`` (``docs/cbs.md``)
How do I test my own software against the chain?       ``testing/``
What can I type?                                       ``cli.py``
What can go wrong, and what then?                      ``errors.py``
=====================================================  =========================
"""

__version__ = "0.1.0"
