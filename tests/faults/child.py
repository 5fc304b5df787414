# SPDX-License-Identifier: EUPL-1.2
"""Work that is done in a process of its own, which may lose rights that this one keeps."""

import os
import traceback


def in_a_child(*steps):
    """Do these in order in a copy of this process; its exit code, 0 when all went well."""
    child = os.fork()
    if child == 0:
        try:
            for step in steps:
                step()
            os._exit(0)
        except BaseException:  # noqa: BLE001  a child must not run on into pytest
            traceback.print_exc()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
