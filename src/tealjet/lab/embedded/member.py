"""One member of an embedded cluster, from its start to its end: its connections, its client filter and its faults."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tealjet.lab.embedded.cluster import PlayedCluster
from tealjet.lab.embedded.faults import Faults
from tealjet.lab.embedded.filters import ClientFilter
from tealjet.lab.embedded.session import PlayedSession, Wire
from tealjet.protocol.values import Address, EndpointQualifier, MemberInfo

__all__ = ["DOUBLE", "PlayedMember"]

_log = logging.getLogger("tealjet.lab.embedded")

_FOR_MEMBERS = EndpointQualifier(type=0)

DOUBLE = {"tealjet.double": "true"}
"""The attributes by which a member tells everybody that it is a double."""


class PlayedMember:
    """One member.

    Args:
        cluster: Where it joins at once.
        address: Where it listens.
        died: Told when a fault makes it end by itself, in the call that does it.
    """

    def __init__(self, cluster: PlayedCluster, address: Address, *, died: Callable[[], None]) -> None:
        self.cluster = cluster
        self.uuid = cluster.new_id()
        self.address = address
        self.info = MemberInfo(
            uuid=self.uuid,
            address=address,
            attributes=DOUBLE,
            lite_member=False,
            version=cluster.settings.release.member,
            address_map={_FOR_MEMBERS: address},
        )
        """As clients are told of it."""
        self.alive = True
        self.filter = ClientFilter()
        self.faults = Faults()
        self.sessions: dict[PlayedSession, None] = {}
        """In the order in which they were accepted."""
        self._died = died
        self._held: list[Callable[[], None]] = []
        """What waits for this member while it is frozen: requests to other members, and their answers."""
        cluster.join(self)
        cluster.flush()
        _log.info(
            "embedded member %s of cluster %s answers as %s; it is a double for tests, its data is in memory only",
            address,
            cluster.settings.cluster_name,
            cluster.settings.release.text,
        )

    # ------------------------------------------------------------------------------------------------------- sessions

    def accept(self, wire: Wire, peer: Address) -> PlayedSession | None:
        """Take a connection on; None when there are too many, and it must be closed."""
        if not self.alive or len(self.sessions) >= self.cluster.settings.limits.sessions:
            return None
        session = PlayedSession(self, wire, peer)
        self.sessions[session] = None
        return session

    def session_ended(self, session: PlayedSession) -> None:
        """Forget a connection."""
        del self.sessions[session]
        self.cluster.session_ended(session)

    def hold(self, action: Callable[[], None]) -> bool:
        """Do something for another member when this one is thawed or has ended; False when there is no room to wait."""
        if len(self._held) >= self.cluster.settings.limits.waiting:
            return False
        self._held.append(action)
        return True

    def apply_filter(self, client_filter: ClientFilter) -> None:
        """Have another client filter, and close the connections of those that it does not let in."""
        self.filter = client_filter
        for session in tuple(self.sessions):
            if session.client is not None and not client_filter.admits(session.client.admission):
                session.end("the client is denied")

    # ---------------------------------------------------------------------------------------------------------- faults

    def freeze(self) -> None:
        """Do nothing any more: connections stand, nothing is read and nothing answered."""
        self.faults.frozen = True
        for session in self.sessions:
            session.pause()

    def thaw(self) -> None:
        """Go on after a freeze with what has come meanwhile."""
        self.faults.frozen = False
        self._release_held()
        for session in tuple(self.sessions):
            session.resume()
        self.cluster.flush()

    def drop(self) -> None:
        """Reset all connections."""
        for session in tuple(self.sessions):
            session.reset("the connection was dropped by a fault")
        self.cluster.flush()

    def end(self, *, graceful: bool) -> None:
        """Leave the cluster and close all connections; what was sent is still delivered if it is graceful."""
        if not self.alive:
            return
        self.alive = False
        self.cluster.leave(self, graceful=graceful)
        self.cluster.flush()
        for session in tuple(self.sessions):
            if graceful:
                session.end("the member shuts down")
            else:
                session.abort("the member died")
        self._release_held()
        self.cluster.flush()

    def die(self) -> None:
        """End by a fault, as if it were killed."""
        self.end(graceful=False)
        self._died()

    def _release_held(self) -> None:
        """Do what has waited for this member; whoever owns its partitions by now."""
        held, self._held = self._held, []
        for action in held:
            action()
