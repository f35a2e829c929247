"""Which member gets a call that any of them can answer, as the official load balancers say it.

The official package asks a load balancer for a member of the active cluster; the engine asks for the member's id. A
balancer of the user's own that fails costs a line in the log, never a call.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from hazelcast.cluster import ClusterService
from hazelcast.util import LoadBalancer, RandomLB, RoundRobinLB

from tealjet.bridge.services import Members

__all__ = ["member_chooser"]

_log = logging.getLogger("tealjet")


def member_chooser(balancer: LoadBalancer | None, members: Members) -> Callable[[], uuid.UUID | None] | None:
    """Return what names the next member, or None when the members shall take turns.

    Args:
        balancer: The one of the configuration. The official ones know one client only, so each client gets its own.
        members: The members of the active cluster.
    """
    if balancer is None or type(balancer) is RoundRobinLB:
        return None
    own: Any = RandomLB() if type(balancer) is RandomLB else balancer
    own.init(ClusterService(members))
    failed = False

    def next_member() -> uuid.UUID | None:
        nonlocal failed
        try:
            member = own.next()
            return None if member is None else member.uuid
        except Exception as error:  # the user's code may raise anything
            if not failed:
                failed = True
                _log.warning("the load balancer %r failed, members take turns instead: %r", type(own).__name__, error)
            return None

    return next_member
