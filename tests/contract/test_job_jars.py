"""The programs of ``tests/jars``: they compile for the versions that they are made for."""

from __future__ import annotations

import zipfile

import pytest

from support.job_jars import JobJars

pytestmark = pytest.mark.java

PROGRAMS = {
    "Batch",
    "Failing",
    "FailsWhenTold",
    "Gated",
    "JobReport",
    "Light",
    "MainJoins",
    "MainThrows",
    "MainWaits",
    "NoJob",
    "Observed",
    "Streaming",
    "SubmitAsClient",
    "TwoJobs",
}
OF_HAZELCAST_5 = {"JobReport", "Light"}


@pytest.mark.parametrize(
    ("version", "class_file", "programs"), [("5.7.0", 61, PROGRAMS), ("jet-4.3.1", 52, PROGRAMS - OF_HAZELCAST_5)]
)
def test_the_programs_compile_for_a_version(
    job_jars: JobJars, version: str, class_file: int, programs: set[str]
) -> None:
    with zipfile.ZipFile(job_jars.jar("Batch", version)) as jar:
        assert "Main-Class: Batch\r\n" in jar.read("META-INF/MANIFEST.MF").decode()
        classes = {name.removesuffix(".class") for name in jar.namelist() if name.endswith(".class")}
        assert classes == programs
        assert int.from_bytes(jar.read("Batch.class")[6:8]) == class_file
