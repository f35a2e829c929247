"""Java programs that tests bring along: compiled without a JDK, run on the lab's Java."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from support.java_programs import compile_java

pytestmark = pytest.mark.java

GREETING = """
import com.hazelcast.client.config.ClientFailoverConfig;
import java.util.Scanner;

public class Greeting {
    public static void main(String[] arguments) {
        String line = new Scanner(System.in, "UTF-8").nextLine();
        System.out.println(line + " " + arguments[0] + " " + System.getProperty("of"));
        System.out.println(new ClientFailoverConfig().getTryCount());
    }
}
"""


def source(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.java"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_program_sees_hazelcast_its_arguments_and_its_input(tmp_path: Path) -> None:
    program = compile_java(source(tmp_path, "Greeting", GREETING), into=tmp_path / "classes")
    printed = program.run("Greeting", "two", stdin="one\n", options=["-Dof=three"])
    assert printed.splitlines() == ["one two three", str(2**31 - 1)]


@pytest.mark.parametrize(("target", "class_file"), [(8, 52), (17, 61)])
def test_class_files_are_for_the_java_that_was_asked_for(tmp_path: Path, target: int, class_file: int) -> None:
    compile_java(source(tmp_path, "Greeting", GREETING), into=tmp_path, target=target)
    assert int.from_bytes((tmp_path / "Greeting.class").read_bytes()[6:8]) == class_file


def test_what_does_not_compile_is_told_in_the_words_of_the_compiler(tmp_path: Path) -> None:
    wrong = source(tmp_path, "Wrong", "class Wrong { int number = words; }")
    with pytest.raises(AssertionError, match=r"(?s)the compiler refuses it.*words cannot be resolved"):
        compile_java(wrong, into=tmp_path)


def test_a_program_that_fails_is_told_with_what_it_printed(tmp_path: Path) -> None:
    program = compile_java(source(tmp_path, "Greeting", GREETING), into=tmp_path)
    with pytest.raises(AssertionError, match=r"(?s)Greeting ended with 1.*NoSuchElementException"):
        program.run("Greeting")


def test_a_jar_has_the_classes_and_names_the_main_class(tmp_path: Path) -> None:
    text = "package a; public class Main { interface Part {} }"
    program = compile_java(source(tmp_path, "Main", text), into=tmp_path / "classes")
    with zipfile.ZipFile(program.pack(tmp_path / "job.jar", main="a.Main")) as jar:
        assert jar.namelist() == ["META-INF/MANIFEST.MF", "a/Main$Part.class", "a/Main.class"]
        assert "Main-Class: a.Main\r\n" in jar.read("META-INF/MANIFEST.MF").decode()
