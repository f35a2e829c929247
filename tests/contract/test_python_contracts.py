"""What the clients promise about Python: cancellation, Ctrl-C, exit, fork, loops, contexts, forgotten clients."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hazelcast.errors import HazelcastError

import tealjet
import tealjet.asyncio
from support.clusters import cluster_config, failover_config
from support.workload import LIMIT
from tealjet.errors import CallTimeoutError, ClientForkedError, WrongLoopError
from tealjet.lab import Lab

pytestmark = pytest.mark.member("5.7.0")


async def test_a_parked_call_that_is_cancelled_never_goes_out(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        items: Any = await client.get_queue(unique)
        client._engine.calls.route_to(None)
        parked = asyncio.ensure_future(items.offer("never"))
        await asyncio.sleep(0)  # the task runs up to its call
        parked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await parked
        client._engine.calls.route_to(client._engine.active)
        assert await items.size() == 0


async def test_a_sent_call_that_is_cancelled_leaves_the_client_usable(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        items: Any = await client.get_queue(unique)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await items.take()
        await items.offer("late")  # answers the cancelled take, or stays: both are documented
        assert await items.size() in (0, 1)


def test_ctrl_c_in_the_factory_leaves_nothing_behind() -> None:
    script = """
import signal, threading, tealjet
from hazelcast.config import Config
config = Config(); config.cluster_name = "nowhere"; config.cluster_members = ["127.0.0.1:1"]
import logging
class Interrupt(logging.Handler):
    def emit(self, record):
        if "no cluster could be used" in record.getMessage():
            logging.getLogger("tealjet").removeHandler(self)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
logging.getLogger("tealjet").addHandler(Interrupt())
try:
    tealjet.new_jet_failover_client(tealjet.FailoverConfig(clients=[config]))
except KeyboardInterrupt:
    print("interrupted", sorted(t.name for t in threading.enumerate() if not t.daemon), threading.active_count())
"""
    assert run_python(script) == "interrupted ['MainThread'] 1"


def run_python(script: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", script, *args],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_ctrl_c_in_a_blocking_call_ends_the_wait_and_the_client_stays_usable(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        items: Any = client.get_queue(unique)
        taken = items.take()
        main = threading.main_thread().ident
        assert main is not None
        interrupt = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))

        def wait_and_be_interrupted() -> None:
            interrupt.start()
            taken.result()

        with pytest.raises(KeyboardInterrupt):
            wait_and_be_interrupted()
        interrupt.join()
        items.offer("item").result()
        assert taken.result() == "item"


def test_the_interpreter_exits_although_the_client_is_open_and_a_callback_is_stuck(lab: Lab, unique: str) -> None:
    script = """
import sys, threading, tealjet
from hazelcast.config import Config
config = Config(); config.cluster_name = "blue"; config.cluster_members = [sys.argv[1]]
client = tealjet.new_jet_client(config)
stuck = threading.Event()
entries = client.get_map(sys.argv[2])
def listener(event):
    stuck.set()
    threading.Event().wait()
entries.add_entry_listener(added_func=listener).result()
entries.put("key", "value").result()
stuck.wait()
print("end of the script")
"""
    assert run_python(script, lab["blue"].addresses[0], unique) == "end of the script"


def _use_in_child(client: tealjet.JetClient, name: str, answers: Any) -> None:
    try:
        client.get_map(name)
    except ClientForkedError as error:
        answers.put(str(error))
    except BaseException as error:
        answers.put(repr(error))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer Pythons warn of fork in threaded processes
def test_a_client_in_a_forked_child_says_so_and_the_parent_goes_on(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = client.get_map(unique).blocking()
        entries.put("key", "before")
        context = multiprocessing.get_context("fork")
        answers: Any = context.Queue()
        child = context.Process(target=_use_in_child, args=(client, f"{unique}-other", answers))
        child.start()
        answer = answers.get(timeout=LIMIT)
        child.join(LIMIT)
        answers.close()
        answers.join_thread()
        assert f"parent of process {child.pid}" in answer
        assert "make a new one after the fork" in answer
        assert child.exitcode == 0
        assert entries.get("key") == "before"


async def test_an_asyncio_client_on_another_loop_says_so(lab: Lab, unique: str) -> None:
    async with tealjet.asyncio.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = await client.get_map(unique)

        def elsewhere() -> None:
            asyncio.run(entries.put("key", "value"))

        with pytest.raises(WrongLoopError, match="another event loop"):
            await asyncio.to_thread(elsewhere)


def test_waiting_on_the_clients_own_thread_says_so(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_client(cluster_config(lab["blue"])) as client:
        entries: Any = client.get_map(unique)
        chained = entries.put("key", "value").continue_with(lambda _: entries.get("key").result())
        with pytest.raises(WrongLoopError, match="own thread"):
            chained.result()


def test_call_options_belong_to_the_context_that_makes_the_call(lab: Lab, unique: str) -> None:
    with tealjet.new_jet_failover_client(failover_config(lab["blue"])) as client:
        entries: Any = client.get_map(unique)
        lab["blue"].kill()
        with tealjet.call_options(timeout=0.2):
            impatient = entries.size()
        patient = entries.size()
        with pytest.raises(CallTimeoutError, match=r"limit of 0\.2 s"):
            impatient.result()
        lab["blue"].restart()
        assert patient.result() == 0


def test_an_unclosed_client_warns_and_is_collected(lab: Lab) -> None:
    client = tealjet.new_jet_client(cluster_config(lab["blue"]))
    forgotten = weakref.ref(client)
    with pytest.warns(ResourceWarning, match="unclosed client"):
        del client
        gc.collect()
    assert forgotten() is None


async def test_an_unclosed_asyncio_client_warns(lab: Lab) -> None:
    client = await tealjet.asyncio.new_jet_client(cluster_config(lab["blue"]))
    engine = client._engine
    with pytest.warns(ResourceWarning, match="unclosed client"):
        del client
        gc.collect()
    await engine.close()


def test_a_closed_client_refuses_everything_and_says_what_is_known(lab: Lab, unique: str) -> None:
    client = tealjet.new_jet_client(cluster_config(lab["blue"]))
    entries: Any = client.get_map(unique)
    client.shutdown()
    client.shutdown()
    attempts: list[Callable[[], object]] = [
        lambda: entries.put("key", "value").result(),
        lambda: entries.add_entry_listener(added_func=print).result(),
        lambda: client.sql.execute("SELECT 1").result(),
        lambda: client.new_transaction().begin(),
        lambda: client.failover.switch_to("blue"),
    ]
    for attempt in attempts:
        with pytest.raises(HazelcastError, match=r"client was closed|it was closed") as caught:
            attempt()
        assert tealjet.outcome_of(caught.value) is tealjet.Outcome.NOT_SENT


def test_a_name_server_that_never_answers_hangs_neither_the_factory_nor_the_exit() -> None:
    script = """
import socket, threading
socket.getaddrinfo = lambda *args, **named: threading.Event().wait()
import tealjet
from hazelcast.config import Config
config = Config(); config.cluster_name = "far"; config.cluster_members = ["far.invalid:5701"]
config.cluster_connect_timeout = 0.0
try:
    tealjet.new_jet_failover_client(tealjet.FailoverConfig(try_count=0, clients=[config]), open_timeout=2.0)
except tealjet.TealjetError as error:
    print("'far.invalid' has not resolved for" in str(error) or str(error))
"""
    assert run_python(script) == "True"
