"""Executes what the controller orders and reports what happens. It decides nothing.

One event is handled at a time, to its last command; what a command brings about at once is queued behind it. The
driver owns the links, the attempts and the timers that the controller has asked for, and nothing of them outlives it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tealjet.engine.calls import Calls
from tealjet.engine.connection import Connection
from tealjet.engine.contracts import ClientState, Settings, Target
from tealjet.engine.heartbeat import Heartbeat
from tealjet.engine.link import Link
from tealjet.engine.listeners import Listeners
from tealjet.engine.opening import Opener, OpenError
from tealjet.failover import model
from tealjet.failover.controller import Controller
from tealjet.failover.options import Backoff
from tealjet.protocol import table
from tealjet.protocol.codec import encode_request
from tealjet.protocol.values import MemberInfo, MemberVersion
from tealjet.runtime import Handle, Runtime

__all__ = ["Driver", "Published"]

_log = logging.getLogger("tealjet")

_REJOIN = Backoff(initial=1.0, maximum=10.0, multiplier=2.0)
"""Pauses between attempts to connect to a member that is in the member list and can't be reached."""

Published = (
    model.LifecycleChanged
    | model.StandbyChanged
    | model.RoundFailed
    | model.Switched
    | model.TopicGap
    | model.JobMoved
    | model.GiveUp
)


class Driver:
    """The controller's hands. All methods on the event loop."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        settings: Settings,
        targets: Sequence[Target],
        controller: Controller,
        calls: Calls,
        listeners: Listeners,
        state: ClientState,
        publish: Callable[[Published], None],
    ) -> None:
        """Take what it works with; nothing happens before the first event."""
        self.active: Link | None = None
        self._runtime = runtime
        self._settings = settings
        self._targets = targets
        self._controller = controller
        self._calls = calls
        self._listeners = listeners
        self._state = state
        self._publish = publish
        self._opener = Opener(runtime, settings, calls, self)
        self._link_ids = itertools.count(1)
        self._request_ids = itertools.count(1)
        self._links: dict[model.LinkId, Link] = {}
        self._retired: set[Link] = set()
        self._attempts: dict[model.AttemptId, asyncio.Task[None]] = {}
        self._timers: dict[model.TimerId, Handle] = {}
        self._requests: dict[model.RequestId, asyncio.Future[model.Answer]] = {}
        self._link_waiters: set[asyncio.Future[Link]] = set()
        self._events: deque[model.Event] = deque()
        self._handling = False
        self._heartbeat = Heartbeat(runtime, settings, self)
        self._said_unsupported = False
        self._execute: Mapping[type, Callable[[Any], None]] = {
            model.Open: self._open,
            model.Abandon: self._abandon,
            model.Prepare: self._prepare,
            model.Hold: lambda _: self._hold(),
            model.Release: lambda _: self._release(),
            model.Drain: self._drain,
            model.Activate: self._activate,
            model.Retire: self._retire,
            model.Close: self._close,
            model.SetTimer: self._set_timer,
            model.CancelTimer: self._cancel_timer,
            model.Publish: lambda command: self._publish(command.event),
            model.Answer: self._answer,
            model.GiveUp: self._publish,
        }

    # --------------------------------------------------------------------------------------------------- from outside

    def start(self) -> None:
        """Begin to look for a cluster."""
        self._heartbeat.start()
        self.feed(model.Started())

    async def request(self, what: model.SwitchTo | model.Stop) -> model.Answer:
        """Ask the controller for something and return its answer."""
        request_id = model.RequestId(next(self._request_ids))
        answer = self._requests[request_id] = self._runtime.future()
        self.feed(model.Requested(request=request_id, what=what))
        return await answer  # type: ignore[no-any-return]

    async def link(self) -> Link:
        """Return the active link, or wait for the next one."""
        if self.active is not None:
            return self.active
        waiter: asyncio.Future[Link] = self._runtime.future()
        self._link_waiters.add(waiter)
        try:
            return await waiter
        finally:
            self._link_waiters.discard(waiter)

    def prepared_links(self) -> list[Link]:
        """Return the links that user listeners belong on."""
        return [link for link in self._links.values() if link.prepared]

    def link_of(self, link_id: model.LinkId) -> Link | None:
        """Return an open link by its id."""
        return self._links.get(link_id)

    def end(self, error: Exception) -> None:
        """End what is left after the controller has stopped or given up."""
        self._heartbeat.stop()
        self._opener.close()
        for timer in self._timers.values():
            timer.cancel()
        for task in list(self._attempts.values()):
            task.cancel()
        for link in [*self._links.values(), *self._retired]:
            link.close("the client was closed")
        waiters: list[asyncio.Future[Any]] = [*self._link_waiters, *self._requests.values()]
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def feed(self, event: model.Event) -> None:
        """Report an event; events that its commands bring about are handled after it, in order."""
        self._events.append(event)
        if self._handling:
            return
        self._handling = True
        try:
            while self._events:
                for command in self._controller.handle(self._events.popleft(), self._runtime.now()):
                    self._execute[type(command)](command)
        finally:
            self._handling = False

    # ------------------------------------------------------------------------------------------------------- commands

    def _open(self, command: model.Open) -> None:
        async def attempt() -> None:
            link_id = model.LinkId(next(self._link_ids))
            try:
                link = await self._opener.open(link_id, self._targets[command.candidate], command.deadline)
                if command.role is model.Role.STANDBY:
                    await self._anticipate(link, command.deadline)
                if link.down:  # since its last answer came: whoever is told of a loss has not heard of this link yet
                    raise OpenError(model.Reason.LOST, f"cluster {link.target.name!r} was lost as soon as it was open")
            except OpenError as error:
                self._attempts.pop(command.attempt, None)
                _log.debug("attempt %s failed: %s", command.attempt, error.detail)
                self.feed(model.OpenFailed(attempt=command.attempt, reason=error.reason, detail=error.detail))
                return
            self._attempts.pop(command.attempt, None)
            self._links[link_id] = link
            self.feed(model.Opened(attempt=command.attempt, link=link_id, facts=link.facts))

        self._attempts[command.attempt] = self._runtime.spawn(attempt())

    def _abandon(self, command: model.Abandon) -> None:
        task = self._attempts.pop(command.attempt, None)
        if task is not None:
            task.cancel()

    def _prepare(self, command: model.Prepare) -> None:
        link = self._links.get(command.link)
        if link is not None:  # else it is lost, and the event that says so is on its way
            self._runtime.spawn(self._prepare_link(link, command.deadline))

    async def _prepare_link(self, link: Link, deadline: float) -> None:
        link.start_keeping_events()
        try:
            async with asyncio.timeout_at(deadline):
                await self._put_in_place(link)
        except TimeoutError:
            detail = f"proxies and listeners were not in place on {link.target.name!r} in time"
            self.feed(model.PrepareFailed(link=link.id, detail=detail))
        except Exception as error:
            if link.id in self._links:
                self.feed(
                    model.PrepareFailed(link=link.id, detail=f"{link.target.name!r} could not be prepared: {error}")
                )
        else:
            if link.id in self._links:
                self.feed(model.Prepared(link=link.id))

    async def _put_in_place(self, link: Link) -> None:
        await self._send_schemas(link)  # before anything that may carry data of these schemas
        refusals = await asyncio.gather(
            self._create_proxies(link), *(self._listeners.register_all(one) for one in list(link.connections.values()))
        )
        for refusal in itertools.chain.from_iterable(refusals):
            _log.error("cluster %r refused what was asked of it before the switch: %s", link.target.name, refusal)

    def _schemas_for(self, link: Link) -> bytearray | None:
        """Return the request that tells the link's cluster all compact schemas; None when there is nothing to tell it.

        A cluster that can't have schemas is no worse for calls without them; it refuses those with them one by one.
        """
        schemas = self._state.schemas()
        return schemas if schemas is not None and link.feature_missing_for(schemas) is None else None

    async def _send_schemas(self, link: Link) -> None:
        """Send all compact schemas, unless the link's cluster has them."""
        schemas = self._schemas_for(link)
        if schemas is not None and schemas != link.known_schemas:
            await link.ask(bytearray(schemas))
            link.known_schemas = schemas

    async def _anticipate(self, link: Link, deadline: float) -> None:
        """Do for a standby what would otherwise cost time at the switch."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._create_proxies(link)
        except BaseException as error:
            link.close("it could not be made ready to stand by")
            if not isinstance(error, Exception):
                raise
            detail = f"cluster {link.target.name!r} was lost while it was made ready: {error}"
            raise OpenError(model.Reason.LOST, detail) from error

    async def _create_proxies(self, link: Link) -> list[str]:
        """Create the proxies that the link's cluster has not been told of yet; return what it refused."""
        proxies = [proxy for proxy in self._state.proxies() if proxy not in link.known_proxies]
        if not proxies:
            return []
        link.known_proxies.update(proxies)
        try:
            await asyncio.gather(*(link.ask(request) for request in _creating(proxies, link.oldest)))
        except Exception as error:
            if link.down:
                raise
            return [f"proxies: {error}"]  # a structure that this cluster can't have must not cost all the others
        return []

    def _hold(self) -> None:
        self._calls.route_to(None)

    def _release(self) -> None:
        if self.active is not None:
            self._calls.route_to(self.active)

    def _drain(self, command: model.Drain) -> None:
        link = self._links.get(command.link)
        if link is not None:
            link.drain(command.deadline, lambda left: self.feed(model.Drained(link=link.id, left=left)))

    def _activate(self, command: model.Activate) -> None:
        link = self._links.get(command.link)
        if link is None:  # lost a moment ago, and the event that says so is on its way
            return
        if self._schemas_for(link) != link.known_schemas:
            self._runtime.spawn(self._activate_with_schemas(command, link))
            return
        self._state.before_activation(command.kind, link)
        self.active = link
        self._say_if_unsupported(link)
        self._state.members_changed(link.members)
        link.deliver_events()
        released, longest = self._calls.route_to(link)
        for waiter in self._link_waiters:
            if not waiter.done():
                waiter.set_result(link)
        self.feed(model.Activated(link=link.id, released=released, longest_hold=longest))

    async def _activate_with_schemas(self, command: model.Activate, link: Link) -> None:
        """Send the schemas first that came after the preparation: calls may bring their data at once."""
        try:
            async with asyncio.timeout(self._settings.prepare_timeout):
                await self._send_schemas(link)
        except Exception as error:
            if not link.down:  # else the event that says so is on its way
                link.close(f"it did not take a compact schema: {_told(error)}")
        else:
            self._activate(command)

    def _say_if_unsupported(self, link: Link) -> None:
        if not link.facts.failover_supported and not self._said_unsupported:
            self._said_unsupported = True
            _log.info(
                "cluster %r answers that it does not support failover, as Community members do; other clients "
                "refuse it then, this one goes on (require_failover_supported makes it strict)",
                link.target.name,
            )

    def _retire(self, command: model.Retire) -> None:
        link = self._links.pop(command.link, None)
        if link is not None:
            self._retired.add(link)
            link.retire(command.deadline)

    def _close(self, command: model.Close) -> None:
        link = self._links.pop(command.link, None)
        if link is not None:
            link.close(command.why)

    def _set_timer(self, command: model.SetTimer) -> None:
        def fire() -> None:
            del self._timers[command.timer]
            self.feed(model.TimerFired(timer=command.timer))

        self._timers[command.timer] = self._runtime.call_at(command.at, fire)

    def _cancel_timer(self, command: model.CancelTimer) -> None:
        timer = self._timers.pop(command.timer, None)
        if timer is not None:
            timer.cancel()

    def _answer(self, command: model.Answer) -> None:
        future = self._requests.pop(command.request, None)
        if future is not None and not future.done():
            future.set_result(command)

    # ---------------------------------------------------------------------------------------------- what links report

    def schema_ids(self) -> Sequence[bytes]:
        """Return the id of each compact schema, as data carries it."""
        return self._state.schema_ids()

    def on_down(self, link: Link) -> None:
        """Park calls from this moment on when the active link is down."""
        if link is self.active:
            self.active = None
            self._calls.route_to(None)

    def on_lost(self, link: Link, cause: model.Cause, detail: str, calls: model.CallCounts) -> None:
        """Tell the controller, unless it has closed or retired the link itself."""
        self._retired.discard(link)
        if cause is model.Cause.SILENT and not self._settings.smart_routing and len(link.members) > 1:
            cause = model.Cause.CLOSED  # the member that was used is silent: that says nothing of the others
        if self._links.pop(link.id, None) is not None:
            _log.warning("cluster %r is lost: %s", link.target.name, detail)
            self.feed(model.Lost(link=link.id, cause=cause, detail=detail, calls=calls))

    def on_connection_closed(self, link: Link, connection: Connection) -> None:
        """Forget its listeners; connect to the member again if it still belongs to the cluster."""
        self._listeners.forget(connection)
        if link.closing or link.down:
            return
        successor = link.any_connection()
        if link.viewing is connection and successor is not None:
            link.viewing = successor  # from now on: it may be lost before anything is asked of it
            self._runtime.spawn(self._view_again(link, successor))
        self._join_members(link)

    def on_members(self, link: Link, members: Sequence[MemberInfo]) -> None:
        """Connect to the members that the link has no connection to."""
        if link is self.active:
            self._state.members_changed(members)
        self._join_members(link)

    async def _view_again(self, link: Link, connection: Connection) -> None:
        """Follow the cluster's members and partitions over another connection than before."""
        failures = 0
        while link.viewing is connection and connection.live:  # the end of a connection leads here again
            try:
                async with asyncio.timeout(self._settings.prepare_timeout):
                    await self._opener.view(link, connection)
                return
            except Exception as error:
                failures += 1
                _log.debug("%r can't deliver the cluster's members: %s", connection, _told(error))
            await asyncio.wait([link.gone], timeout=_REJOIN.pause(failures, self._runtime.random()))
            successor = link.any_connection()
            if successor is None or link.viewing is not connection:
                return
            connection = link.viewing = successor

    def _join_members(self, link: Link) -> None:
        if not self._settings.smart_routing:
            return
        for member in link.members:
            if member.uuid not in link.connections and member.uuid not in link.joining:
                attempted = link.joining[member.uuid] = self._runtime.future()
                _end_with(link, self._runtime.spawn(self._join(link, member, attempted)))

    async def _join(self, link: Link, member: MemberInfo, attempted: asyncio.Future[None]) -> None:
        """Connect to a member, as long as it belongs to the cluster."""
        where = f"{member.address.host}:{member.address.port}"
        failures = 0
        try:
            while (failure := await self._join_once(link, member)) is not None:
                failures += 1
                level = logging.INFO if failures == 1 else logging.DEBUG
                _log.log(level, "member %s of %r can't be connected to for now: %s", where, link.target.name, failure)
                if not attempted.done():
                    attempted.set_result(None)
                await asyncio.wait([link.gone], timeout=_REJOIN.pause(failures, self._runtime.random()))
            if member.uuid in link.connections:
                level = logging.INFO if link is self.active else logging.DEBUG
                _log.log(level, "member %s of %r is connected", where, link.target.name)
        finally:
            link.joining.pop(member.uuid, None)
            if not attempted.done():
                attempted.set_result(None)

    async def _join_once(self, link: Link, member: MemberInfo) -> str | None:
        """Return what failed, None when nothing is left to do for the member."""
        if link.down or member.uuid in link.connections or all(one.uuid != member.uuid for one in link.members):
            return None
        try:
            connection = await self._opener.connect_member(link, member)
        except OpenError as error:
            return error.detail
        return await self._bring_in(connection, None)

    # ------------------------------------------------------------------------------------------ what the heartbeat asks

    def open_links(self) -> list[Link]:
        """Return all links whose members are to be watched."""
        return [*self._links.values(), *self._retired]

    async def connect_again(self, connection: Connection) -> Connection:
        """Open a second connection to the member."""
        return await self._opener.connect(connection.link, *connection.endpoint, instead_of=connection)

    async def bring_in(self, connection: Connection, instead_of: Connection | None = None) -> bool:
        """Take an authenticated connection into use, once it has what the others of its link have."""
        return await self._bring_in(connection, instead_of) is None

    async def _bring_in(self, connection: Connection, instead_of: Connection | None) -> str | None:
        """Take a connection into use; return why that failed, None when it is in use."""
        link = connection.link
        failure = "its link is closed, or has another connection to its member"
        try:
            async with asyncio.timeout(self._settings.prepare_timeout):
                await self._opener.receive_backup_acks(link, connection)
                if link.prepared:
                    await self._listeners.register_all(connection)
        except asyncio.CancelledError:
            connection.close(model.Cause.CLOSED, "nobody waits for it any more")
            raise
        except Exception as error:
            failure = f"{connection.peer} could not be prepared: {_told(error)}"
            connection.close(model.Cause.CLOSED, failure)
        serving = link.connections.get(connection.remote_uuid) if connection.remote_uuid else None
        if connection.live and not link.down and serving is instead_of:
            link.add(connection)
            return None
        connection.close(model.Cause.CLOSED, failure)
        return failure


def _told(error: Exception) -> str:
    """Return what an error says, for people."""
    return "it did not answer in time" if isinstance(error, TimeoutError) else str(error)


def _end_with(link: Link, task: asyncio.Task[None]) -> None:
    """Cancel a task when its link is gone."""

    def end(_: asyncio.Future[None]) -> None:
        task.cancel()

    link.gone.add_done_callback(end)
    task.add_done_callback(lambda _: link.gone.remove_done_callback(end))


def _creating(proxies: Sequence[tuple[str, str]], oldest: MemberVersion) -> list[bytearray]:
    """Return the requests that create the proxies on members of that version and later ones."""
    if oldest.major == 4:  # Hazelcast Jet 4.3 takes the number of createProxies for another message
        return [encode_request(table.CREATE_PROXY, name=name, service_name=service) for name, service in proxies]
    return [encode_request(table.CREATE_PROXIES, proxies=list(proxies))]
