"""The command line of Hazelcast Jet 4: what it is told, and what its words mean; what it printed was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tealjet.engine.contracts import Target
from tealjet.errors import Outcome
from tealjet.jet import command_line, errors
from tealjet.jet.command_line import Finished, Run

COMMAND = "com.hazelcast.jet.picocli.CommandLine$ExecutionException: Error while calling command (submit): "
STACK = "\tat com.hazelcast.jet.picocli.CommandLine.execute(CommandLine.java:1207)\n"


def target(**values: object) -> Target:
    return Target(**{"name": "blue", "cluster_name": "jet", "addresses": (("blue.example", 5701),), **values})  # type: ignore[arg-type]


def test_it_is_led_to_the_members_that_the_client_is_connected_to() -> None:
    told = json.loads(command_line.configuration(target(), [("127.0.0.1", 5701), ("127.0.0.1", 5702)]))
    client = told["hazelcast-client"]
    assert client["cluster-name"] == "jet"
    assert client["network"]["cluster-members"] == ["127.0.0.1:5701", "127.0.0.1:5702"]
    assert client["connection-strategy"]["connection-retry"]["cluster-connect-timeout-millis"] == 20_000
    assert "security" not in client


def test_it_signs_in_as_the_client_does() -> None:
    told = json.loads(command_line.configuration(target(username="me", password='"secret: '), []))
    assert told["hazelcast-client"]["security"] == {"username-password": {"username": "me", "password": '"secret: '}}


@pytest.mark.parametrize("given", [{"tls": lambda: None}, {"token": lambda host, port: b""}], ids=["TLS", "token"])
def test_what_it_can_not_be_given_is_refused_before_anything_is_run(given: dict[str, object]) -> None:
    with pytest.raises(errors.CommandLineError, match="Nothing was done") as caught:
        command_line.check(target(**given), on_member=False)
    assert caught.value.outcome is Outcome.NOT_SENT


def test_a_good_end_is_no_error() -> None:
    command_line.judge(Finished(code=0, output="ERROR: said main"), "blue", "the JAR 'a.jar'")


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        (
            f"{COMMAND}java.lang.reflect.InvocationTargetException\n{STACK}"
            f"Caused by: java.lang.reflect.InvocationTargetException\n{STACK}"
            f"Caused by: java.lang.IllegalStateException: main does not want to\n\tat Main.main(Main.java:4)\n",
            errors.MainFailedError,
            "IllegalStateException: main does not want to",
        ),
        (
            f"Cannot find or load main class: Nope\n{COMMAND}java.lang.ClassNotFoundException: Nope\n{STACK}"
            f"Caused by: java.lang.ClassNotFoundException: Nope\n{STACK}",
            errors.MainClassError,
            "ClassNotFoundException: Nope",
        ),
        (
            f"{COMMAND}java.util.zip.ZipException: zip END header not found\n{STACK}"
            f"Caused by: java.util.zip.ZipException: zip END header not found\n{STACK}",
            errors.JarRefusedError,
            "zip END header not found",
        ),
        (
            f"{COMMAND}java.lang.reflect.InvocationTargetException\n{STACK}"
            f"Caused by: java.lang.reflect.InvocationTargetException\n{STACK}"
            f"Caused by: com.hazelcast.jet.JobAlreadyExistsException: Another active job exists: 0001\n{STACK}",
            errors.JobAlreadyExistsError,
            "active job of that name",
        ),
        (
            "No Main-Class found in manifest. The -c option can be used to provide a main class.",
            errors.MainClassError,
            "No Main-Class found",
        ),
        ("ERROR: File /x could not be found.\n\nTo see", errors.CommandLineError, r"a\.jar.*'blue': File /x could not"),
        ("", errors.CommandLineError, "exit code 1"),
    ],
)
def test_its_words_become_typed_errors(output: str, kind: type[errors.JobError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        command_line.judge(Finished(code=1, output=output), "blue", "the JAR 'a.jar'")
    assert type(caught.value) is kind
    assert caught.value.outcome is Outcome.ANSWERED


def test_a_run_that_was_ended_before_it_began_runs_nothing(tmp_path: Path) -> None:
    run = Run(folder=tmp_path, config="{}", options=(), jar=tmp_path / "a.jar", called="b.jar", args=())
    run.kill()
    assert run.run().code == -1
