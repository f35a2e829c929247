"""Starts embedded clusters and gives them the verbs of real ones, and faults that only a double can have."""

from __future__ import annotations

import contextlib
import difflib
import ipaddress
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tealjet.lab._ports import HOST, reserve_port
from tealjet.lab.clusters import ClusterOf, LabOf, LabStart, MemberStartError, options_by_key
from tealjet.lab.embedded.control import ClusterPlan, Control, LoopControl
from tealjet.lab.embedded.faults import Mishap
from tealjet.lab.embedded.filters import is_address_pattern
from tealjet.lab.embedded.process import ProcessControl
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.serving import Service, served_messages
from tealjet.lab.embedded.settings import RELEASES, ClusterSettings, Limits
from tealjet.protocol.values import ClientFilterKind, ClientFilterMode

__all__ = [
    "EMBEDDED_VERSIONS",
    "EmbeddedCluster",
    "EmbeddedLab",
    "EmbeddedMember",
    "EmbeddedOptions",
    "lab_of",
    "start_embedded",
    "wanted_clusters",
]

EMBEDDED_VERSIONS: tuple[str, ...] = tuple(RELEASES)
"""The versions that embedded members can answer as."""


class EmbeddedMember:
    """One embedded member: a double of a real one in pure Python, for tests; its data is in memory only.

    All verbs work from any thread and return when they are done. Those after ``restart`` are faults, in force until
    ``heal`` or the member's end.
    """

    def __init__(self, control: Control, cluster: str, index: int, address: str, messages: Mapping[str, int]) -> None:
        self.address = address
        """Host and port, for a client's configuration; the same for the member's whole life."""
        self._control = control
        self._cluster = cluster
        self._index = index
        self._messages = messages

    def __repr__(self) -> str:
        return f"<embedded member {self.address} of {self._cluster}>"

    @property
    def alive(self) -> bool:
        """Whether the member is there, frozen or not."""
        return bool(self._call("is_alive"))

    @property
    def serves(self) -> bool:
        """Whether the member is there, is not frozen and takes connections."""
        return bool(self._call("serves"))

    def kill(self) -> None:
        """End the member without warning, and all of its connections; harmless when it is dead."""
        self._call("kill")

    def freeze(self) -> None:
        """Let the member stand still: connections stay, new ones are accepted, nothing is read and nothing answered.

        Raises:
            LabError: The member is dead.
        """
        self._call("freeze")

    def thaw(self) -> None:
        """Let a frozen member go on with all that has come meanwhile.

        Raises:
            LabError: The member is dead.
        """
        self._call("thaw")

    def stop(self, timeout: float = 30.0) -> None:
        """Shut the member down gracefully: it leaves its cluster, and what it has answered is delivered.

        Args:
            timeout: Seconds that clients have to read what it has sent; then their connections are closed.
        """
        self._call("stop", timeout=timeout)

    def restart(self, timeout: float = 60.0) -> None:
        """Kill the member if it is there and start another one at the same address; it takes well under ``timeout``.

        Raises:
            MemberStartError: Somebody else listens at the address by now.
        """
        self._call("restart")

    # -------------------------------------------------------------------------------------------------------- faults

    def drop(self) -> None:
        """Reset all connections; new ones are accepted."""
        self._call("drop")

    def refuse(self) -> None:
        """Refuse new connections; those that stand are left alone."""
        self._call("refuse")

    def accept(self) -> None:
        """Accept new connections again."""
        self._call("accept")

    def delay(self, seconds: float) -> None:
        """Let everything that the member sends be so much later."""
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{seconds} seconds are no delay: to send nothing there is freeze")
        self._call("delay", seconds=seconds)

    def read_slowly(self, bytes_per_second: float) -> None:
        """Read no more than that from each connection, so that senders have to wait."""
        if not bytes_per_second > 0:
            raise ValueError(f"{bytes_per_second} bytes a second is no rate: to read nothing there is freeze")
        self._call("read_slowly", bytes_per_second=bytes_per_second)

    def withhold_members(self) -> None:
        """Authenticate clients, and tell them of no member and no partition."""
        self._call("withhold_members")

    def die_when_asked(self, message: str) -> None:
        """Die when the next request of that message comes, before it is answered; a client is then half prepared.

        Args:
            message: Its name in the protocol, such as ``client.addClusterViewListener``.
        """
        self._call("die_when_asked", message_type=self._number(message))

    def skip_answer(self, message: str | None = None) -> None:
        """Never send the next answer, or the next one to that message; the request is served all the same."""
        self._mishap(Mishap.SKIPPED, message)

    def answer_twice(self, message: str | None = None) -> None:
        """Send the next answer twice, or the next one to that message."""
        self._mishap(Mishap.TWICE, message)

    def cut_answer(self, message: str | None = None) -> None:
        """Send the next answer, or the next one to that message, without its last byte, and close the connection."""
        self._mishap(Mishap.CUT, message)

    def deny(self, *names: str, labels: Iterable[str] = (), addresses: Iterable[str] = ()) -> None:
        """Let in nobody with one of these names, labels or IP addresses; who is there is sent away at once.

        Args:
            *names: Client names; ``*`` stands for anything.
            labels: Client labels; ``*`` stands for anything.
            addresses: IP addresses, in whose parts ``*`` stands for anything and ``a-b`` for a range.

        Raises:
            ValueError: Nobody is named, or an address is none.
        """
        if isinstance(labels, str) or isinstance(addresses, str):
            raise ValueError("labels and addresses are given as lists, not as texts")
        entries = [
            (kind.value, value)
            for kind, values in (
                (ClientFilterKind.INSTANCE_NAME, names),
                (ClientFilterKind.LABEL, labels),
                (ClientFilterKind.IP_ADDRESS, addresses),
            )
            for value in values
        ]
        if not entries:
            raise ValueError("nobody is named who is to be denied: deny('*') denies everybody, admit_all() nobody")
        for kind, value in entries:
            if kind == ClientFilterKind.IP_ADDRESS.value and not is_address_pattern(value):
                raise ValueError(f"{value!r} is no IP address, nor a pattern such as '127.0.0.*' or '127.0.0.1-9'")
        self._call("filter", mode=ClientFilterMode.DENY.value, entries=entries)

    def admit_all(self) -> None:
        """Let everybody in again."""
        self._call("filter", mode=ClientFilterMode.DISABLED.value, entries=[])

    def heal(self) -> None:
        """End all faults but a filter of clients and a refusal of connections; admit_all() and accept() end those."""
        self._call("heal")

    def _mishap(self, mishap: Mishap, message: str | None) -> None:
        self._call("mishap", mishap=mishap.value, message_type=None if message is None else self._number(message))

    def _number(self, message: str) -> int:
        if message not in self._messages:
            near = difflib.get_close_matches(message, self._messages, n=1)
            raise ValueError(
                f"embedded members know no message {message!r}" + (f"; is it {near[0]!r}?" if near else "")
            )
        return self._messages[message]

    def _call(self, verb: str, **arguments: object) -> object:
        return self._control.call(self._cluster, self._index, verb, **arguments)


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedCluster(ClusterOf[EmbeddedMember]):
    """One embedded cluster; its verbs do to all members what the member's verb of that name does to one."""

    key: str
    """What start_embedded was given."""
    control: Control

    @property
    def process_id(self) -> int | None:
        """The process that the members run in; None for this one."""
        return self.control.process_id

    def restart(self, timeout: float = 60.0) -> None:
        """Kill what is there and start all members anew: a new cluster without the old data and with another id.

        Raises:
            MemberStartError: Somebody else listens at an address by now.
        """
        self.control.call(self.key, None, "restart")

    def wait(self, timeout: float = 60.0) -> None:
        """Make sure that all members serve clients; there is nothing to wait for, they do or they do not.

        Raises:
            MemberStartError: A member is dead, is frozen or refuses connections.
        """
        for member in self.members:
            if not member.serves:
                raise MemberStartError(
                    f"{member!r} does not serve clients: it is dead, is frozen or refuses connections; "
                    "restart(), thaw() or accept() it"
                )

    def drop(self) -> None:
        """Reset all connections of all members that are there, in one moment; new ones are accepted."""
        self.control.call(self.key, None, "drop")

    def deny(self, *names: str, labels: Iterable[str] = (), addresses: Iterable[str] = ()) -> None:
        """Let in nobody with one of these names, labels or IP addresses, at any member."""
        for member in self.members:
            member.deny(*names, labels=labels, addresses=addresses)

    def admit_all(self) -> None:
        """Let everybody in again."""
        for member in self.members:
            member.admit_all()

    def plan_jobs(
        self,
        names: str = "*",
        *,
        runs: float | None = None,
        failure: str | None = None,
        main_failure: str | None = None,
        observable: str | None = None,
    ) -> None:
        """Say what comes of jobs that are submitted from now on, as embedded members run no code; until a restart.

        Uploads are checked as members check them, and then a job of the name that was given is there.

        Args:
            names: Which jobs: a pattern of their names, in which ``*`` stands for anything.
            runs: Seconds of running after which a job ends by itself; None: it runs until it is cancelled.
            failure: The text of the exception with which it then ends; None: it ends well.
            main_failure: The text of the exception that the ``main`` of an uploaded JAR throws; then there is no job.
            observable: The observable that a job writes to: its items come from nobody, its end from the job.

        Raises:
            ValueError: A job cannot run so long.
        """
        if runs is not None and not 0 <= runs < math.inf:
            raise ValueError(f"no job runs for {runs} seconds: None is for one that runs until it is cancelled")
        self.control.call(
            self.key,
            None,
            "plan_jobs",
            names=names,
            runs=runs,
            failure=failure,
            main_failure=main_failure,
            observable=observable,
        )

    def change_id(self) -> None:
        """Have another cluster id from now on, as if another cluster had taken these addresses; connections stay."""
        self.control.call(self.key, None, "change_id")

    def change_partition_count(self, count: int) -> None:
        """Have another number of partitions from now on, also after a restart; connections stay."""
        if count < 1:
            raise ValueError(f"a cluster has at least one partition, not {count}")
        self.control.call(self.key, None, "change_partition_count", count=count)


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedLab(LabOf[EmbeddedCluster]):
    """Embedded clusters that run until the lab is left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedOptions:
    """How one embedded cluster differs from the others that are started with it."""

    cluster_name: str | None = None
    """The Hazelcast cluster name; None for the cluster's key."""
    members: int | None = None
    """How many members; None for what start_embedded was told."""
    version: str | None = None
    """One of EMBEDDED_VERSIONS; None for what start_embedded was told."""
    partition_count: int = 271
    """How many partitions."""
    failover_supported: bool = False
    """What members say of it; those of the Community edition say no."""
    username: str | None = None
    """With it clients have to give this user name and ``password``."""
    password: str | None = field(default=None, repr=False)
    token: bytes | None = field(default=None, repr=False)
    """With it clients have to give this token."""
    queue_capacities: Mapping[str, int] = field(default_factory=dict)
    """How many items queues take, by patterns of their names; the first that fits counts, and else there is no end."""
    limits: Limits = field(default_factory=Limits)
    """What each member takes on."""


def start_embedded(
    clusters: Sequence[str] | Mapping[str, EmbeddedOptions] = ("blue", "green"),
    members: int = 1,
    version: str = "5.7.0",
    *,
    host: str = HOST,
    services: Sequence[type[Service]] = SERVICES,
    own_process: bool = False,
    uvloop: bool = False,
) -> LabStart[EmbeddedLab]:
    """Start embedded clusters: doubles of real ones in pure Python, that need no Java and start in milliseconds.

    They speak the client protocol over loopback, answer as members of the version do, and say that they do not know
    what they do not serve. They are for tests and demos: what they have is in memory only and nothing else is Hazelcast
    about them. Use it as start_local::

        with start_embedded() as lab:
            lab["blue"].addresses  # ["127.0.0.1:21034"]
            lab["blue"].kill()

    Args:
        clusters: The clusters' keys, which are also their Hazelcast cluster names, or options by key.
        members: Members of each cluster.
        version: One of EMBEDDED_VERSIONS.
        host: A loopback address to listen on.
        services: What members serve; one's own may be added to SERVICES.
        own_process: Run the members in a process of their own, which ends with this one, and not on a thread.
        uvloop: Run them on uvloop, which must be installed.

    Returns:
        A context manager for ``with`` and ``async with`` that gives an EmbeddedLab. Leaving raises LabError when a
        service had a defect of its own.

    Raises:
        ValueError: The version is not known, a count is not positive, credentials are halves or of two kinds, there is
            no list of keys, the host is not a loopback address, or services of one's own are to run in another process.
    """
    _require_loopback(host)
    if own_process and services is not SERVICES:
        raise ValueError("services of one's own run in this process only: leave own_process off")
    wanted = wanted_clusters(clusters, members, version)

    def start(stack: contextlib.ExitStack, cancelled: threading.Event) -> EmbeddedLab:
        plans = {
            key: (settings, [(host, reserve_port(stack, host)) for _ in range(size)])
            for key, (settings, size) in wanted.items()
        }
        control: Control = (
            ProcessControl(stack, plans, uvloop=uvloop)
            if own_process
            else LoopControl(stack, plans, services, uvloop=uvloop)
        )
        return lab_of(plans, control, services)

    return LabStart(start)


def wanted_clusters(
    clusters: Sequence[str] | Mapping[str, EmbeddedOptions], members: int, version: str
) -> dict[str, tuple[ClusterSettings, int]]:
    """Return what each cluster is told at its start and how many members it has, by the clusters' keys.

    Raises:
        ValueError: One of the reasons of start_embedded.
    """
    options = options_by_key(clusters, EmbeddedOptions())
    wanted = {
        key: (_settings(key, one, version), members if one.members is None else one.members)
        for key, one in options.items()
    }
    for key, (_, size) in wanted.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"cluster {key!r} must have at least one member, not {size!r}")
    return wanted


def lab_of(plans: Mapping[str, ClusterPlan], control: Control, services: Sequence[type[Service]]) -> EmbeddedLab:
    """Return the verbs of clusters that have been started."""
    messages = {message.name: message.request.type for message in served_messages(services)}
    return EmbeddedLab(
        clusters={
            key: EmbeddedCluster(
                name=settings.cluster_name,
                version=settings.version,
                members=tuple(
                    EmbeddedMember(control, key, index, _join(*address), messages)
                    for index, address in enumerate(addresses)
                ),
                key=key,
                control=control,
            )
            for key, (settings, addresses) in plans.items()
        }
    )


def _settings(key: str, options: EmbeddedOptions, version: str) -> ClusterSettings:
    version = options.version or version
    if version not in RELEASES:
        raise ValueError(f"version {version!r} is none of {', '.join(RELEASES)}")
    if options.partition_count < 1:
        raise ValueError(f"cluster {key!r} must have at least one partition, not {options.partition_count!r}")
    if (options.username is None) is not (options.password is None):
        raise ValueError(f"cluster {key!r} has half of its credentials: a user name and a password go together")
    if options.token is not None and options.username is not None:
        raise ValueError(f"cluster {key!r} has two kinds of credentials: clients sign in by a password or by a token")
    for pattern, capacity in options.queue_capacities.items():
        if capacity < 1:
            raise ValueError(f"queues {pattern!r} of cluster {key!r} must take at least one item, not {capacity!r}")
    return ClusterSettings(
        cluster_name=key if options.cluster_name is None else options.cluster_name,
        version=version,
        partition_count=options.partition_count,
        failover_supported=options.failover_supported,
        username=options.username,
        password=options.password,
        token=options.token,
        queue_capacities=dict(options.queue_capacities),
        limits=options.limits,
    )


def _require_loopback(host: str) -> None:
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise ValueError(
        f"embedded members listen on loopback only, and {host!r} is no loopback address: they are doubles for tests "
        f"and must not be reached from elsewhere; use {HOST}"
    )


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
