"""Ports on loopback that stay with whoever took them, also while nothing listens there."""

from __future__ import annotations

import contextlib
import random
import socket
import sys

HOST = "127.0.0.1"
# below the ports that systems take for outgoing connections: one of those could occupy the port of a dead member, and
# a client that connects to such a port can even reach itself
_PORTS = range(20_000, 32_000)


def reserve_port(stack: contextlib.ExitStack, host: str = HOST) -> int:
    """Take a free port on 127.0.0.1, or another loopback address, and keep it from others until the stack is closed.

    A socket that is bound and never listens does that on Linux, and whoever asks for address reuse can listen on the
    port all the same. Elsewhere the port is only known to be free now.

    Raises:
        OSError: No port is free.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        keeper = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            keeper.bind((host, port))  # without reuse: a port that another keeper has is not free
        except OSError:
            keeper.close()
            continue
        if sys.platform == "linux":
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stack.callback(keeper.close)
        else:
            keeper.close()
        return port
    raise OSError(f"no free port between {_PORTS.start} and {_PORTS.stop - 1} on {host}")
