"""Members in JVMs of their own that can be killed, frozen and restarted, and the clusters that they form.

This starts, signals and ends processes and asks them whether they serve clients. How a member is configured it must
not know: it is given a command.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tealjet.lab._probe import member_count
from tealjet.lab.clusters import ClusterOf, LabError, MemberStartError
from tealjet.lab.faults import FaultProxy

__all__ = ["LocalCluster", "LocalMember", "start_clusters"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.2
_SLOW = 5.0
"""Seconds until a member that does not answer is asked anew: what it was asked while it started may be lost."""
_LOG_TAIL = 40
# what would change a member's configuration or its JVM behind the lab's back
_FOREIGN_SETTINGS = re.compile(r"HZ_|HAZELCAST_|(CLASSPATH|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS)$")


class LocalMember:
    """One member in a JVM of its own."""

    def __init__(
        self,
        *,
        address: tuple[str, int],
        cluster_name: str,
        command: Sequence[str],
        log: Path,
        group: int,
        cluster: Sequence[LocalMember] = (),
        proxy: FaultProxy | None = None,
    ) -> None:
        self.address = f"{address[0]}:{address[1]}" if proxy is None else proxy.address
        """Host and port, for a client's configuration; the same for the member's whole life."""
        self.log = log
        """What the member has printed; there until the lab is closed."""
        self._endpoint = address
        self._cluster_name = cluster_name
        self._command = command
        self._group = group
        self._cluster = cluster
        """All members of its cluster, itself included; complete when the first one is started."""
        self._proxy = proxy
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen = False

    def __repr__(self) -> str:
        return f"<member {self.address} of {self._cluster_name}, {'pid ' + str(self.pid) if self.alive else 'dead'}>"

    @property
    def pid(self) -> int:
        """The process id of the member's JVM, the last one if it is dead."""
        return self._running().pid

    @property
    def proxy(self) -> FaultProxy:
        """The proxy that clients reach this member through; it stays when the member is killed, and resets them then.

        Raises:
            LabError: The cluster was not started with ``ClusterOptions(proxied=True)``.
        """
        if self._proxy is None:
            raise LabError(f"{self!r} has no proxy: start its cluster with ClusterOptions(proxied=True)")
        return self._proxy

    @property
    def alive(self) -> bool:
        """Whether the member's process is there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill the process with SIGKILL and wait until it is gone; harmless when it is dead."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Stop the process with SIGSTOP and wait until it stands still: connections stay, nothing answers.

        Harmless when it is frozen.

        Raises:
            LabError: The member is dead.
        """
        self._signal(signal.SIGSTOP)
        if not self._frozen:  # the system tells of it once
            os.waitpid(self.pid, os.WUNTRACED)
            self._frozen = True

    def thaw(self) -> None:
        """Let a frozen process go on.

        Raises:
            LabError: The member is dead.
        """
        self._signal(signal.SIGCONT)
        self._frozen = False

    def stop(self, timeout: float = 30.0) -> None:
        """Shut the member down gracefully, thawing it first, and wait until it is gone; harmless when it is dead.

        Args:
            timeout: Seconds the shutdown may take.

        Raises:
            LabError: It took longer; the member is left as it is.
        """
        if not self.alive:
            return
        process = self._running()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)  # it may be gone already
        self._frozen = False
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(
                f"{self!r} did not shut down within {timeout} s; its log ends with\n{self.log_tail()}"
            ) from None

    def restart(self, timeout: float = 60.0) -> None:
        """Kill the process if it is there, start another at the same address and wait until it serves clients.

        Args:
            timeout: Seconds the start may take.

        Raises:
            MemberStartError: The new process ended, or does not serve clients in time.
        """
        self.kill()
        self._await_noticed(timeout)
        self.launch()
        _await_service([(self, 1)], timeout, threading.Event())

    def _await_noticed(self, timeout: float) -> None:
        """Wait until the living members have noticed that this one is gone.

        One that comes back earlier asks to join a cluster whose master it may still seem to be itself, and ends up in a
        cluster of its own. Who is slow to answer has not said that it has noticed; who is frozen cannot be asked.
        """
        deadline = time.monotonic() + timeout
        living = [member for member in self._cluster if member.alive]
        pause = _FIRST_PAUSE
        while any(one._may_have_more_members_than(len(living), deadline) for one in living if not one._frozen):
            if time.monotonic() > deadline:
                raise self._failure("is dead, and may still be a member of its cluster for the others")
            time.sleep(pause)
            pause = min(pause * 1.2, _LONGEST_PAUSE)

    def _may_have_more_members_than(self, count: int, deadline: float) -> bool:
        try:
            left = min(max(deadline - time.monotonic(), _FIRST_PAUSE), _SLOW)
            return member_count(self._endpoint, self._cluster_name, timeout=left) > count
        except TimeoutError:
            return True

    def _member_count(self) -> int:
        with contextlib.suppress(TimeoutError):
            return member_count(self._endpoint, self._cluster_name, timeout=1.0)
        return 0

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise LabError(f"the member {self.address} of {self._cluster_name} was never started")
        return self._process

    def _signal(self, number: signal.Signals) -> None:
        if not self.alive:
            raise LabError(f"{self!r} cannot be sent {number.name}: its process has ended; restart() it first")
        self._running().send_signal(number)

    def launch(self) -> None:
        """Start the process and do not wait for it; what most callers want is restart()."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                env={name: value for name, value in os.environ.items() if not _FOREIGN_SETTINGS.match(name)},
                process_group=self._group,
            )
        self._frozen = False

    def _failure(self, what: str) -> MemberStartError:
        return MemberStartError(
            f"the member {self.address} of cluster {self._cluster_name!r} {what}\n"
            f"command: {shlex.join(self._command)}\nits log ends with\n{self.log_tail()}"
        )

    def log_tail(self) -> str:
        """Return the last lines that the member has printed, without colours."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
        return "\n".join(plain.splitlines()[-_LOG_TAIL:])


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalCluster(ClusterOf[LocalMember]):
    """One cluster of JVMs; its verbs do to all members what the member's verb of that name does to one."""

    def restart(self, timeout: float = 60.0) -> None:
        """Kill what is there and start all members anew at their addresses: a new cluster without the old data.

        Args:
            timeout: Seconds until all serve clients in one cluster.

        Raises:
            MemberStartError: A member ended, or does not serve clients in time.
        """
        self.kill()
        start_clusters([self], timeout, threading.Event())

    def wait(self, timeout: float = 60.0) -> None:
        """Wait until all members serve clients in one cluster, for example after thaw().

        Args:
            timeout: Seconds until they must.

        Raises:
            MemberStartError: A member is dead, or does not serve clients in time.
        """
        _await_service([(member, len(self.members)) for member in self.members], timeout, threading.Event())


def start_clusters(clusters: Iterable[LocalCluster], timeout: float, cancelled: threading.Event) -> None:
    """Start all members and wait until each serves clients in its complete cluster.

    The first of each cluster start first: several that meet in an empty cluster take seconds to agree.

    Args:
        clusters: None of their members may run.
        timeout: Seconds from now.
        cancelled: Set it, from another thread, to have this raise LabError.

    Raises:
        MemberStartError: A member ended, or does not serve clients in time.
    """
    deadline = time.monotonic() + timeout
    firsts = [(cluster.members[0], 1) for cluster in clusters]
    others = [(member, len(cluster.members)) for cluster in clusters for member in cluster.members[1:]]
    for starting in (firsts, others):
        for member, _ in starting:
            member.launch()
        _await_service(starting, deadline - time.monotonic(), cancelled)


def _await_service(expected: Iterable[tuple[LocalMember, int]], timeout: float, cancelled: threading.Event) -> None:
    """Wait until each member serves clients in a cluster of at least that many members."""
    deadline = time.monotonic() + timeout
    pending = dict(expected)
    counts = dict.fromkeys(pending, 0)
    pause = _FIRST_PAUSE
    while True:
        for member, size in tuple(pending.items()):
            counts[member] = member._member_count()
            if counts[member] >= size:
                del pending[member]
            elif (code := member._running().poll()) is not None:
                raise member._failure(f"ended with exit code {code}")
        if pending and time.monotonic() > deadline:
            last = min(pending, key=lambda member: counts[member])
            told = ", ".join(f"{counts[member]} by {member.address}" for member in counts)
            raise last._failure(
                f"does not serve clients in a cluster of {pending[last]} in time; members were counted: {told}"
            )
        if not pending:
            return
        if cancelled.wait(pause):
            raise LabError("the start of the lab was cancelled")
        pause = min(pause * 1.2, _LONGEST_PAUSE)  # each look is a line in the member's log
