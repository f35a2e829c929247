"""Starts real Hazelcast clusters on this machine: the jars, the options and the configuration of each version.

Everything is started in one process group under a watchdog, so nothing outlives its owner. What can be done with a
member that runs is in ``members``; what clients do with it neither must know.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from tealjet.java import JavaRuntime, MavenJar, Progress, cache_folder, file_lock, find_jars, find_java
from tealjet.lab import _watchdog
from tealjet.lab._ports import HOST, reserve_port
from tealjet.lab.clusters import LabError, LabOf, LabStart, options_by_key
from tealjet.lab.faults import FaultProxy
from tealjet.lab.members import LocalCluster, LocalMember, start_clusters

__all__ = ["VERSIONS", "ClusterOptions", "Lab", "member_jars", "prepare", "start_local"]

_ARCHIVES_SINCE = 25  # the first Java that makes an archive in one step


@dataclass(frozen=True, kw_only=True, slots=True)
class _Release:
    """What it takes to start a member of one version."""

    jars: tuple[MavenJar, ...]
    main: str
    xml: str
    join_xml: str


def _platform(version: str, core: str, sql: str) -> _Release:
    return _Release(
        jars=(
            MavenJar(group="com.hazelcast", artifact="hazelcast", version=version, sha256=core),
            MavenJar(group="com.hazelcast", artifact="hazelcast-sql", version=version, sha256=sql),
        ),
        main="com.hazelcast.core.server.HazelcastMemberStarter",
        xml='<jet enabled="true" resource-upload-enabled="true"/>',
        join_xml='<auto-detection enabled="false"/>',
    )


_RELEASES = {
    "5.7.0": _platform(
        "5.7.0",
        core="241ec66cea8491787f68c3336f069ac463877af50bdb7676cd9d538f1940dc33",
        sql="e747be48589069d0b072d8153b75fbceb11ea00d977d56d04b64d7258d36fd85",
    ),
    "5.6.0": _platform(
        "5.6.0",
        core="f16e392740b2d64136590bc52a782c8f8e75b5cb8d3ac221c7c09efae0d7871c",
        sql="fdc1bf9ef390176d3edfc69c726de901f06f0adf76383f519fa9534a9f0b6a94",
    ),
    "5.5.0": _platform(
        "5.5.0",
        core="cf560b40b988526e780e4fae12cb6fe01c5158bb9e00839882857f32b544a19e",
        sql="5e091414c6107c46dd692625c532877e094a97c6ce0c71bc43139cd3312d1e96",
    ),
    "jet-4.3.1": _Release(
        jars=(
            MavenJar(
                group="com.hazelcast.jet",
                artifact="hazelcast-jet",
                version="4.3.1",
                sha256="776dbd6a079766e1df9783e52d8d50985e4b4f34dcdf136cc750d386475614d5",
            ),
        ),
        main="com.hazelcast.jet.server.JetMemberStarter",
        xml="",
        join_xml="",
    ),
}

VERSIONS: tuple[str, ...] = tuple(_RELEASES)
"""What start_local starts: Hazelcast Platform by its number, Hazelcast Jet 4.x as "jet-" and its number."""


def _release(version: str) -> _Release:
    if version not in _RELEASES:
        raise ValueError(f"version {version!r} is none of {', '.join(VERSIONS)}")
    return _RELEASES[version]


# the first seven are what Hazelcast asks for on Java 9 and newer; the rest makes members small and quick to start
_JAVA_OPTIONS = (
    "--add-modules=java.se",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.management/sun.management=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.net.preferIPv4Stack=true",
)
_PROPERTIES = {
    "hazelcast.phone.home.enabled": "false",
    "hazelcast.socket.bind.any": "false",
    "hazelcast.wait.seconds.before.join": "0",
    "hazelcast.shutdownhook.policy": "GRACEFUL",
    # a member that hears of another one in the middle of its own joining does not heed it, and hears of it again only
    # at this interval; a minute is its default
    "hazelcast.member.list.publish.interval.seconds": "1",
    # Jet 4 looks for work 2000 times a second in each of its threads even when it has no job; 0.5 ms is its default
    "jet.idle.cooperative.max.microseconds": "10000",
}
_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<hazelcast xmlns="http://www.hazelcast.com/schema/config">
  <cluster-name>{cluster_name}</cluster-name>
  {network}
  {release}
  {extra}
</hazelcast>
"""
_SOCKET = """
    <port auto-increment="false">{port}</port>
    <reuse-address>true</reuse-address>
    <interfaces enabled="true"><interface>{host}</interface></interfaces>"""
_JOIN = """
    <join>
      {join}
      <multicast enabled="false"/>
      <tcp-ip enabled="true" connection-timeout-seconds="1"><member-list>{members}</member-list></tcp-ip>
    </join>"""
_NETWORK = f"<network>{_SOCKET}{_JOIN}\n  </network>"
# members talk to each other beside the proxies, so what a proxy does to clients does not touch the cluster
_PROXIED_NETWORK = f"""<advanced-network enabled="true">{_JOIN}
  <member-server-socket-endpoint-config>{_SOCKET.replace("port}", "member_port}")}
  </member-server-socket-endpoint-config>
  <client-server-socket-endpoint-config>
    <public-address>{{public}}</public-address>{_SOCKET}
  </client-server-socket-endpoint-config>
  </advanced-network>"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterOptions:
    """How one cluster differs from the others that are started with it."""

    cluster_name: str | None = None
    """The Hazelcast cluster name; None for the cluster's key."""
    members: int | None = None
    """How many members; None for what start_local was told."""
    version: str | None = None
    """One of VERSIONS; None for what start_local was told."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """System properties of the members, such as ``hazelcast.partition.count``; they win over start_local's."""
    xml: str = ""
    """Elements to add to the members' hazelcast.xml, below the root; not ``network``, ``cluster-name``, ``jet``."""
    java_options: Sequence[str] = ()
    """Options of the members' JVMs; they come last, so ``-Xmx1g`` wins over the small heap."""
    proxied: bool = False
    """Put a FaultProxy in front of each member, ``member.proxy``. Its address is the public address that the member
    tells clients, so these reach every member through its proxy only; members reach each other directly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lab(LabOf[LocalCluster]):
    """Clusters of real members that run until the lab is left."""

    java: JavaRuntime
    """What the members run on."""


def start_local(
    clusters: Sequence[str] | Mapping[str, ClusterOptions] = ("blue", "green"),
    members: int = 1,
    version: str = "5.7.0",
    *,
    properties: Mapping[str, str] | None = None,
    jars: str | os.PathLike[str] | None = None,
    java: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    timeout: float = 60.0,
) -> LabStart[Lab]:
    """Start real clusters on this machine, all at once, and wait until every member serves clients.

    Java and the members' jars are found, or downloaded once, by ``tealjet.java``. The members listen on 127.0.0.1
    only, hold their data in memory, and end with this process, even when it is killed. Use it as a context manager::

        with start_local() as lab:
            lab["blue"].addresses  # ["127.0.0.1:21034"]
            lab["blue"].kill()

    Args:
        clusters: The clusters' keys, which are also their Hazelcast cluster names, or options by key.
        members: Members of each cluster.
        version: One of VERSIONS.
        properties: System properties of all members.
        jars: A folder that has the members' jars by their Maven names; nothing is downloaded then.
        java: The ``java`` executable to use instead of one that is looked for.
        progress: Told in one line what is being done.
        timeout: Seconds from the start of the processes until all serve clients.

    Returns:
        A context manager for ``with`` and ``async with`` that gives a Lab. Entering raises JavaNotFoundError or
        ArtifactError from ``tealjet.java``, or MemberStartError.

    Raises:
        ValueError: A version is not known, a count is not positive, or there is no list of keys.
    """
    options = options_by_key(clusters, ClusterOptions())
    plans = {
        key: _Plan(
            name=key if one.cluster_name is None else one.cluster_name,
            members=members if one.members is None else one.members,
            version=one.version or version,
            properties={**_PROPERTIES, **(properties or {}), **one.properties},
            xml=one.xml,
            java_options=tuple(one.java_options),
            proxied=one.proxied,
        )
        for key, one in options.items()
    }
    tell = progress or (lambda _: None)

    def start(stack: contextlib.ExitStack, cancelled: threading.Event) -> Lab:
        runtime = find_java(java)
        tell(str(runtime))
        class_paths = {
            used: member_jars(used, folder=jars, progress=tell) for used in {plan.version for plan in plans.values()}
        }
        folder = Path(tempfile.mkdtemp(prefix="tealjet-lab-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        group = _guard(stack, folder)
        lab = Lab(
            clusters={
                key: _build(stack, plan, folder / str(number), group, runtime, class_paths[plan.version])
                for number, (key, plan) in enumerate(plans.items())
            },
            java=runtime,
        )
        for key, cluster in lab.clusters.items():
            tell(f"starting {key}: Hazelcast {cluster.version} at {', '.join(cluster.addresses)}")
        start_clusters(lab.clusters.values(), timeout, cancelled)
        return lab

    return LabStart(start)


def member_jars(
    version: str = "5.7.0", *, folder: str | os.PathLike[str] | None = None, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Return the jars that members of a version run from, downloaded and verified if need be.

    Args:
        version: One of VERSIONS.
        folder: A folder that has them by their Maven names; nothing is downloaded then.
        progress: Told in one line what is being done.

    Raises:
        ValueError: The version is not known.
        ArtifactError: A jar cannot be had; see ``tealjet.java.find_jars``.
    """
    return find_jars(_release(version).jars, folder=folder, progress=progress)


def prepare(
    version: str = "5.7.0",
    *,
    jars: str | os.PathLike[str] | None = None,
    java: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> None:
    """Download what start_local needs and, on Java 25 or newer, make its starts about three times as quick.

    For that one member is started and stopped, so that Java notes the classes it loads (JEP 514); this takes some ten
    seconds, once for each version, Java and set of jars. What is there already is not made again.

    Args:
        version: One of VERSIONS.
        jars: As for start_local.
        java: As for start_local.
        progress: Told in one line what is being done.

    Raises:
        ValueError: The version is not known.
        LabError: The member did not start or did not stop, or Java wrote no archive.
    """
    runtime = find_java(java)
    archive = _archive(runtime, member_jars(version, folder=jars, progress=progress))
    if runtime.major < _ARCHIVES_SINCE or archive.exists():
        return
    with file_lock(archive.with_name("lock")):
        if archive.exists():  # another process may have made it meanwhile
            return
        if progress:
            progress(f"preparing quick starts of {version}, once")
        fresh = archive.with_suffix(".new")
        trained = ClusterOptions(java_options=[f"-XX:AOTCacheOutput={fresh}"])
        with start_local({"prepare": trained}, version=version, jars=jars, java=java) as lab:
            (member,) = lab["prepare"].members
            member.stop(timeout=120.0)  # Java writes the archive before it exits
            if not fresh.exists():
                raise LabError(f"{runtime} wrote no archive of {version}; its log ends with\n{member.log_tail()}")
            fresh.replace(archive)


def _archive(java: JavaRuntime, jars: tuple[Path, ...]) -> Path:
    """Return where the archive of classes for this Java and these very jars is, if there is one."""
    stats = [(str(jar), jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jars]
    key = hashlib.sha256(repr((java.version, str(java.executable), stats, _JAVA_OPTIONS)).encode()).hexdigest()
    return cache_folder() / "archives" / f"{key[:32]}.aot"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """One cluster as it is to be started; the options with nothing left open."""

    name: str
    members: int
    version: str
    properties: Mapping[str, str]
    xml: str
    java_options: tuple[str, ...]
    proxied: bool

    def __post_init__(self) -> None:
        _release(self.version)
        if self.members < 1:
            raise ValueError(f"cluster {self.name!r} must have at least one member, not {self.members!r}")


def _guard(stack: contextlib.ExitStack, folder: Path) -> int:
    """Start the watchdog and return the process group to start members in."""
    reading, writing = os.pipe()
    try:
        watchdog = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", _watchdog.__file__, str(os.getpid()), str(folder)],
            stdin=reading,
            stdout=subprocess.DEVNULL,  # it would keep a pipe open that the owner's death is to close
            process_group=0,
        )
    except BaseException:
        os.close(writing)
        raise
    finally:
        os.close(reading)

    def end() -> None:
        os.killpg(watchdog.pid, signal.SIGKILL)  # also a member whose start was interrupted before it was known here
        watchdog.wait()
        os.close(writing)

    stack.callback(end)
    return watchdog.pid


def _build(
    stack: contextlib.ExitStack, plan: _Plan, folder: Path, group: int, java: JavaRuntime, jars: tuple[Path, ...]
) -> LocalCluster:
    """Write the members' configurations and make the cluster. Nothing runs yet; the stack ends what will."""
    release = _release(plan.version)
    archive = _archive(java, jars)
    ports = [reserve_port(stack) for _ in range(plan.members)]
    member_ports = [reserve_port(stack) for _ in ports] if plan.proxied else ports
    addresses = "".join(f"<member>{HOST}:{port}</member>" for port in member_ports)
    members: list[LocalMember] = []
    for port, member_port in zip(ports, member_ports, strict=True):
        proxy = stack.enter_context(FaultProxy(f"{HOST}:{port}")) if plan.proxied else None
        home = folder / str(port)
        home.mkdir(parents=True)
        config = home / "hazelcast.xml"
        network = _PROXIED_NETWORK if proxy else _NETWORK
        config.write_text(
            _CONFIG.format(
                cluster_name=escape(plan.name),
                network=network.format(
                    port=port,
                    member_port=member_port,
                    public=proxy.address if proxy else "",
                    host=HOST,
                    join=release.join_xml,
                    members=addresses,
                ),
                release=release.xml,
                extra=plan.xml,
            ),
            encoding="utf-8",
        )
        # a member that is killed leaves what was uploaded to it: with the lab it goes too
        properties = {**plan.properties, "hazelcast.config": str(config), "java.io.tmpdir": str(home)}
        command = [
            str(java.executable),
            *_JAVA_OPTIONS,
            *([f"-XX:AOTCache={archive}"] if archive.exists() else []),
            *(f"-D{name}={value}" for name, value in properties.items()),
            *plan.java_options,
            "-cp",
            os.pathsep.join(map(str, jars)),
            release.main,
        ]
        members.append(
            LocalMember(
                address=(HOST, port),
                cluster_name=plan.name,
                command=command,
                log=home / "member.log",
                group=group,
                cluster=members,
                proxy=proxy,
            )
        )
    cluster = LocalCluster(name=plan.name, version=plan.version, members=tuple(members))
    for member in members:
        stack.callback(member.kill)
    return cluster
