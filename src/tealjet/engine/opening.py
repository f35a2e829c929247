"""Opening a link: from a candidate's addresses to an authenticated cluster with members and partition table.

What fails is told as one reason for the controller and one sentence for people, which names the addresses, what was
tried and what came back. How one connection comes about is the business of :mod:`tealjet.engine.connecting`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence

from tealjet.engine.calls import Calls
from tealjet.engine.connecting import Connector, OpenError
from tealjet.engine.connection import Connection
from tealjet.engine.contracts import Settings, Target
from tealjet.engine.coordinators import Coordinators
from tealjet.engine.link import Link, LinkOwner
from tealjet.engine.names import Names
from tealjet.failover.model import Cause, LinkId, Reason
from tealjet.protocol import table
from tealjet.protocol.codec import decode_event, encode_request
from tealjet.protocol.frames import Message
from tealjet.protocol.values import (
    Address,
    EndpointQualifier,
    MemberInfo,
    MembersView,
    PartitionsView,
)
from tealjet.runtime import Runtime

__all__ = ["NOBODY_THERE", "OpenError", "Opener"]

_RESOLVE_LIMIT = 1.0
"""The longest wait for names while no address is known, in seconds; never more than half of an attempt's time."""
_STAGGER = 0.25
"""A further address is tried when the ones before it have not answered for so long, in seconds; sooner where all would
not have their turn in the first half of an attempt."""
_JOIN_WAIT = 0.5
"""A link is complete without members that can't be connected to within this time; they are tried again later."""
_PARTITIONS_WAIT = 1.0
"""A link is complete without a partition table after this time; calls go to any member until it comes."""

_PUBLIC = EndpointQualifier(type=1, identifier="public")
"""The address of a member for clients that are outside of its network."""

_WEIGHT = (
    Reason.DENIED,
    Reason.CREDENTIALS,
    Reason.TLS,
    Reason.NO_CREDENTIALS,
    Reason.PROTOCOL,
    Reason.TIMEOUT,
    Reason.LOST,
    Reason.ADDRESSES,
    Reason.DNS,
    Reason.REFUSED,
)


NOBODY_THERE = frozenset({Reason.TIMEOUT, Reason.REFUSED, Reason.LOST, Reason.ADDRESSES, Reason.DNS})
"""What an attempt finds where no member answers; anything else is an answer of somebody."""


class Opener:
    """Opens links and further connections of links."""

    def __init__(self, runtime: Runtime, settings: Settings, calls: Calls, owner: LinkOwner) -> None:
        """Keep what every link needs."""
        self._runtime = runtime
        self._settings = settings
        self._calls = calls
        self._owner = owner
        self._names = Names(runtime)
        self._coordinators = Coordinators(runtime)
        self.connect = Connector(runtime, settings, self._server_name).connect
        self._last_members: dict[str, tuple[MemberInfo, ...]] = {}
        """The members that a candidate's cluster was last seen to have."""
        self._next_correlation_id: Callable[[], int] = itertools.count(1).__next__

    async def open(self, link_id: LinkId, target: Target, deadline: float) -> Link:
        """Open a link to a candidate.

        Args:
            link_id: The new link's id.
            target: The candidate.
            deadline: Monotonic time at which the attempt has to end.

        Raises:
            OpenError: It could not be opened; nothing of the attempt is left.
        """
        link = Link(
            id=link_id,
            target=target,
            settings=self._settings,
            runtime=self._runtime,
            calls=self._calls,
            owner=self._owner,
            next_correlation_id=self._next_correlation_id,
        )
        addresses: Sequence[tuple[str, int]] = target.addresses
        unknown: list[str] = []
        try:
            async with asyncio.timeout_at(deadline):
                unknown += await self._coordinators.ask(target, (deadline - self._runtime.now()) / 2)
                addresses = self._coordinators.addresses(target)
                if not addresses:
                    raise OpenError(Reason.ADDRESSES, "")
                members = self._last_members.get(target.name, ())
                told = [(one.host, one.port) for member in members for one in self._told(member, target)]
                found = await self._names.resolve(
                    [host for host, _ in (*addresses, *told)],
                    min(_RESOLVE_LIMIT, (deadline - self._runtime.now()) / 2),
                )
                unknown += found.problems
                seeds = sorted(found.addresses(addresses), key=self._place)
                further = found.addresses(told)
                stagger = min(_STAGGER, (deadline - self._runtime.now()) / (2 * len({*seeds, *further}) or 1))
                await self._complete(link, await self._first_connection(link, seeds, further, stagger))
        except TimeoutError:
            link.close("it was not complete in time")
            detail = f"cluster {target.name!r} ({_list(addresses)}) was not complete in time: {_known(link)}"
            raise OpenError(Reason.TIMEOUT, "; ".join([detail, *unknown])) from None
        except OpenError as error:
            link.close("it could not be opened")
            raise OpenError(error.reason, "; ".join(filter(None, [error.detail, *unknown]))) from error
        except asyncio.CancelledError:
            link.close("the attempt was abandoned")
            raise
        except Exception as error:
            link.close("it could not be opened")
            raise OpenError(Reason.LOST, f"cluster {target.name!r} was lost while it was opened: {error}") from error
        return link

    async def connect_member(self, link: Link, member: MemberInfo) -> Connection:
        """Open and authenticate a connection to a member of the list; the caller adds it to the link.

        A member behind address translation tells a public address besides its own. The configuration says which one to
        use; where it says nothing, the public one is used if the member's own can't be reached. Java's client finds
        that out once, with three members, and holds it for all (TranslateToPublicAddressProvider, 5.5). With a
        coordinator, what it tells counts alone, and it is asked again for a member that it has not told of
        (ViridianAddressProvider, 5.7).

        Raises:
            OpenError: It could not be opened; nothing of it is left.
        """
        unknown: list[str] = []
        if not self._told(member, link.target):
            unknown = await self._coordinators.ask(link.target, link.target.connect_timeout)
        told = [(one.host, one.port) for one in self._told(member, link.target)]
        if not told:
            raise OpenError(Reason.ADDRESSES, "; ".join(["its coordinator has not told of it", *unknown]))
        found = await self._names.resolve([host for host, _ in told], _RESOLVE_LIMIT)
        try:
            return await self._first_connection(link, found.addresses(told))
        except OpenError as error:
            raise OpenError(error.reason, "; ".join(filter(None, [error.detail, *found.problems]))) from error

    def close(self) -> None:
        """Wait for no name and no address any more."""
        self._coordinators.close()
        self._names.close()

    # -------------------------------------------------------------------------------------------------------- the steps

    async def _first_connection(
        self,
        link: Link,
        addresses: Sequence[tuple[str, int]],
        further: Sequence[tuple[str, int]] = (),
        stagger: float = _STAGGER,
    ) -> Connection:
        """Try the addresses in order, the next one as soon as the ones before it have failed or are slow.

        Args:
            link: The link.
            addresses: One that denies this client speaks for its cluster.
            further: Tried after the others; these may be out of date and speak for themselves only.
            stagger: Seconds after which an address is slow.
        """
        waiting = [(address, address in addresses) for address in dict.fromkeys([*addresses, *further])]
        running: dict[asyncio.Task[Connection], bool] = {}
        failures: list[OpenError] = []
        try:
            while waiting or running:
                if waiting:
                    address, speaks = waiting.pop(0)
                    running[self._runtime.spawn(self.connect(link, *address))] = speaks
                done, _ = await asyncio.wait(
                    running, timeout=stagger if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                opened = [task.result() for task in done if task.exception() is None]
                for spare in opened[1:]:
                    spare.close(Cause.CLOSED, "another address was quicker")
                denied = False
                for task in done:
                    speaks = running.pop(task)
                    if isinstance(error := task.exception(), OpenError):
                        failures.append(error)
                        denied = denied or (speaks and error.reason is Reason.DENIED)
                if opened:
                    return opened[0]
                if denied:
                    break
        finally:
            for task in running:
                task.cancel()
                task.add_done_callback(_close_unwanted)
        reason = min((failure.reason for failure in failures), key=_WEIGHT.index, default=Reason.DNS)
        raise OpenError(reason, "; ".join(failure.detail for failure in failures))

    def _server_name(self, link: Link, host: str) -> str:
        """Return what a certificate has to be for at a numeric address: its name if it has one, else the address.

        Names are those of the configuration and those that members give as their own; most give addresses only.
        """
        members = link.members or self._last_members.get(link.target.name, ())
        told = (one.host for member in members for one in self._told(member, link.target))
        names = itertools.chain((name for name, _ in self._coordinators.addresses(link.target)), told)
        return next((name for name in names if host in self._names.last_good(name)), host)

    def _told(self, member: MemberInfo, target: Target) -> list[Address]:
        """Return the addresses that a member may be reached at, in the order in which they are to be tried."""
        own, public = member.address, member.address_map.get(_PUBLIC)
        if target.coordinator is not None:
            return self._coordinators.public(target, own)
        if public is None or target.public_addresses is False:
            return [own]
        return [public] if target.public_addresses else [own, public]

    def _place(self, _: tuple[str, int]) -> float:
        return self._runtime.random() if self._settings.shuffle_addresses else 0

    async def _complete(self, link: Link, first: Connection) -> None:
        link.add(first)
        await asyncio.gather(self.view(link, first), self.receive_backup_acks(link, first))
        await _known_or_lost(link.members_known, link)
        if link.joining:
            await asyncio.wait(link.joining.values(), timeout=_JOIN_WAIT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PARTITIONS_WAIT):
                await _known_or_lost(link.partitions_known, link)

    async def view(self, link: Link, connection: Connection) -> None:
        """Follow the cluster's members and partitions over this connection.

        A fresh cluster has no partition table until somebody asks for one, so it is asked for every time; members that
        have one ignore that.
        """
        link.viewing = connection

        def on_event(message: Message) -> None:
            event = decode_event(table.ADD_CLUSTER_VIEW_LISTENER, message)
            if isinstance(event, MembersView):
                self._last_members[link.target.name] = event.members
                link.on_members_view(event.members)
            elif isinstance(event, PartitionsView):
                link.on_partitions_view(event)

        request = encode_request(table.ADD_CLUSTER_VIEW_LISTENER)
        await asyncio.gather(
            link.listen(connection, request, on_event, of_user=False),
            link.ask(encode_request(table.TRIGGER_PARTITION_ASSIGNMENT), connection),
        )

    async def receive_backup_acks(self, link: Link, connection: Connection) -> None:
        """Let this member's backups acknowledge over this connection."""
        if not (self._settings.smart_routing and self._settings.backup_acks):
            return

        def on_event(message: Message) -> None:
            link.on_backup_ack(decode_event(table.LOCAL_BACKUP_LISTENER, message).source_correlation_id)

        request = encode_request(table.LOCAL_BACKUP_LISTENER)
        await link.listen(connection, request, on_event, of_user=False)


def _close_unwanted(task: asyncio.Task[Connection]) -> None:
    """Close a connection that was ready in the moment in which nobody wanted it any more."""
    if not task.cancelled() and task.exception() is None:
        task.result().close(Cause.CLOSED, "the attempt was abandoned")


async def _known_or_lost(known: asyncio.Future[None], link: Link) -> None:
    await asyncio.wait([known])
    if link.down:
        raise OpenError(Reason.LOST, f"cluster {link.target.name!r} was lost while it was opened")


def _known(link: Link) -> str:
    if not link.connections:
        return "no member could be authenticated"
    if not link.members_known.done():
        return "a member authenticated the client and sent no member list"
    return f"{len(link.connections)} of {link.facts.members} members are connected"


def _list(addresses: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{host}:{port}" for host, port in addresses)
