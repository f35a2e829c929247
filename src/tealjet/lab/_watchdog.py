"""Ends what a lab has started when the lab's owner is gone, however it went.

Run as a script by the lab, without the package: it must start at once. It leads the process group that all members
are started in, so it need not be told of any of them, and a lab that is closed kills that group, this process too. The
other end of its standard input is held by the owner alone and closes with it; a child that the owner forked may hold
it open longer, hence the look at the parent.
"""

import os
import select
import signal
import sys


def main(owner: int, folder: str) -> None:
    """Wait for the end of the owner, then kill the group and remove the folder."""
    # a frozen member makes the system hang up on the whole group when the owner dies; it must not end this process
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _end(folder))
    while os.getppid() == owner and not select.select([0], [], [], 1.0)[0]:
        pass
    _end(folder)


def _end(folder: str) -> None:
    group = os.getpgrp()
    if os.fork() == 0:
        os.setpgid(0, 0)  # this child alone outlives the group, to clean up behind it
        os.killpg(group, signal.SIGKILL)
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
    signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
