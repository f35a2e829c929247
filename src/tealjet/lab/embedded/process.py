"""Embedded members in a process of their own, for programs that want the processor for themselves.

Both ends are here: the owner's, which starts the process and passes verbs on as lines of JSON, and the process's own,
``main``. It ends with its owner, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import IO, Any

from tealjet.lab.clusters import LabError, MemberStartError
from tealjet.lab.embedded.control import ClusterPlan, LoopControl
from tealjet.lab.embedded.services import SERVICES
from tealjet.lab.embedded.settings import ClusterSettings, Limits

__all__ = ["ProcessControl", "main"]

_ERRORS = {kind.__name__: kind for kind in (LabError, MemberStartError)}
"""What can come back, by its name."""
_LOOK = 1.0
"""Seconds between two looks whether the owner is there: a child that it forked may hold its end of the pipe open."""


class ProcessControl:
    """Members in a process of their own.

    Args:
        stack: Ends the process when it is closed.
        plans: What to start, by the clusters' keys.
        uvloop: Run them on uvloop.
    """

    def __init__(self, stack: contextlib.ExitStack, plans: Mapping[str, ClusterPlan], *, uvloop: bool) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # Ctrl-C is the owner's affair
        )
        self.process_id: int | None = self._process.pid
        stack.callback(self._end)
        self._ask(
            {"owner": os.getpid(), "uvloop": uvloop, "clusters": {key: _pack(*one) for key, one in plans.items()}}
        )
        stack.callback(self._ask, {"end": True})

    def call(self, cluster: str, member: int | None, verb: str, **arguments: Any) -> Any:
        """Do something, in the process."""
        return self._ask({"cluster": cluster, "member": member, "verb": verb, "arguments": arguments})

    def _ask(self, question: Mapping[str, Any]) -> Any:
        with self._lock:
            answer = ""
            if self._process.poll() is None and self._process.stdin is not None and self._process.stdout is not None:
                with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended, or its lab is closed
                    print(json.dumps(question), file=self._process.stdin, flush=True)
                    answer = self._process.stdout.readline()
        if not answer:
            raise LabError("the process of the embedded clusters has ended, or their lab is closed")
        told = json.loads(answer)
        if "error" in told:
            raise _ERRORS[told["kind"]](told["error"])
        return told["result"]

    def _end(self) -> None:
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            self._process.wait()


def _pack(settings: ClusterSettings, addresses: Any) -> dict[str, Any]:
    token = None if settings.token is None else settings.token.hex()
    return {"settings": asdict(settings) | {"token": token}, "addresses": addresses}


def _unpack(packed: dict[str, Any]) -> ClusterPlan:
    values = packed["settings"]
    token = None if values["token"] is None else bytes.fromhex(values["token"])
    settings = ClusterSettings(**values | {"token": token, "limits": Limits(**values["limits"])})
    return settings, [(host, port) for host, port in packed["addresses"]]


def main() -> None:
    """Be the process: start what the first line says, do what the others say, until there are no more."""
    _serve(0, sys.stdout)


def _serve(questions: int, answers: IO[str]) -> None:
    lines = _lines(questions)
    start = json.loads(next(line for line in lines if line))
    owner = start["owner"]

    def tell(answer: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(answer), file=answers, flush=True)

    try:
        with contextlib.ExitStack() as stack:
            plans = {key: _unpack(one) for key, one in start["clusters"].items()}
            control = LoopControl(stack, plans, SERVICES, uvloop=start["uvloop"])
            tell({"result": None})
            for line in _while_owned(lines, owner):
                question = json.loads(line)
                if question.get("end"):
                    break
                try:
                    result = control.call(
                        question["cluster"], question["member"], question["verb"], **question["arguments"]
                    )
                except LabError as error:
                    tell(_told(error))
                else:
                    tell({"result": result})
        tell({"result": None})
    except LabError as error:
        tell(_told(error))


def _told(error: LabError) -> Mapping[str, str]:
    return {"error": str(error), "kind": type(error).__name__}


def _lines(descriptor: int) -> Iterator[str]:
    """Give the lines that come, and an empty one whenever none has come for a while, until the end."""
    unread = b""
    while True:
        if not select.select([descriptor], [], [], _LOOK)[0]:
            yield ""
            continue
        data = os.read(descriptor, 65536)
        if not data:
            return
        *lines, unread = (unread + data).split(b"\n")
        yield from (line.decode() for line in lines)


def _while_owned(lines: Iterator[str], owner: int) -> Iterator[str]:
    for line in lines:
        if os.getppid() != owner:
            return
        if line:
            yield line
