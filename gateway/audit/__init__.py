# SPDX-License-Identifier: EUPL-1.2
"""The audit log: an RFC 6962 Merkle tree in C2SP files, checkable by tools that are not ours.

Where is what:

* ``leaf.py``       one event as bytes: which fields, canonical JSON, commitments      [pure]
* ``merkle.py``     the tree: running root, inclusion and consistency proofs           [pure]
* ``tiles.py``      which file holds which leaf or hash                                [pure]
* ``checkpoint.py`` the signed statement "so many leaves, this root"                   [pure]
* ``cosign.py``     what a witness adds to a checkpoint                              [pure]
* ``policy.py``     which witnesses count, and how many are enough                    [pure]
* ``submission.py`` what is sent to a witness, and what its answer means              [pure]
* ``stamp.py``      time stamps over checkpoints                                      [pure]
* ``proof.py``      the proof of one leaf as a file: a C2SP tlog-proof                [pure]
* ``succession.py`` which keys follow on one that is believed                         [pure]
* ``statements.py`` keeps in the folder what shows a change of key                     (io)
* ``publish.py``    writes the files after each commit, and repairs them at start      (io)
* ``keys.py``       the log's private key, made once                                    (io)
* ``reading.py``    reads the files back, for start-up and for verification            (io)
* ``verify.py``     the numbered steps a third party runs over the folder alone        (io)
* ``walk.py``       the one pass over all leaves that those steps share                (io)
* ``report.py``     what a verification says: steps, faults, what was not proven      [pure]
* ``others.py``     the steps against what witnesses and authorities signed           (io)
* ``seals.py``      where a leaf stands: logged, witnessed, time-stamped               (io)
* ``older.py``      the steps against checkpoints that were archived, or kept          (io)

Bundles of evidence and a municipality's export: ``gateway/evidence``. Its place, for later: closing
a year beside ``publish.py`` (``origin`` already names the year).
"""
