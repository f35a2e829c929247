"""Refuses the CP subsystem, as Community members of Hazelcast 5 do; those of 4.0 have one, embedded ones do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tealjet.lab.embedded import failures
from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.serving import Request, Service, serves
from tealjet.protocol.declare import MessageType
from tealjet.protocol.structures import cp

__all__ = ["Enterprise"]


def _refusal(message: MessageType[Any, Any]) -> Callable[..., Any]:
    @serves(message)
    def refuse(self: Service, request: Request) -> None:
        text = "CP subsystem is an Enterprise feature."
        if self.cluster.version.major < 5:
            text = f"Unrecognized client message received with type: {message.request.type:#x}"
        raise MemberError(failures.UNSUPPORTED_OPERATION, text)

    return refuse


Enterprise: type[Service] = type(
    "Enterprise", (Service,), {f"refuse_{message.request.type:06x}": _refusal(message) for message in cp.MESSAGES}
)
"""What it takes another licence for."""
