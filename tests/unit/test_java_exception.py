"""Java's exceptions: the same tree from a member's answer, from Java's serialisation and from a printed stack."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tealjet.jet.java_exception import (
    JavaException,
    exception_from_holders,
    exception_from_java,
    exception_from_text,
)
from tealjet.jet.java_stream import JavaArray, JavaClass, JavaObject, JavaValue
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.values import ErrorHolder, StackTraceElement

PRINTED = """\
com.hazelcast.jet.JetException: Exception in ProcessorTasklet{job/map#1}: java.lang.IllegalStateException: boom
over two lines
\tat com.hazelcast.jet.A.run(A.java:10)
\tat java.base/java.util.B.call(Unknown Source)
\tat app//org.C.<init>(Native Method)
\tSuppressed: java.io.IOException: left out
\t\tat org.D.close(D.java:1)
\t\t... 2 more
Caused by: java.lang.IllegalStateException: boom
\tat org.User$Inner.lambda$f$1(User.java:3)
\t... 2 more
Caused by: java.lang.NullPointerException
\t... 3 more
"""

FRAMES = (
    StackTraceElement(class_name="com.hazelcast.jet.A", method_name="run", file_name="A.java", line_number=10),
    StackTraceElement(class_name="java.util.B", method_name="call", file_name=None, line_number=-1),
    StackTraceElement(class_name="org.C", method_name="<init>", file_name=None, line_number=-2),
)
INNER = StackTraceElement(class_name="org.User$Inner", method_name="lambda$f$1", file_name="User.java", line_number=3)
TREE = JavaException(
    class_name="com.hazelcast.jet.JetException",
    message="Exception in ProcessorTasklet{job/map#1}: java.lang.IllegalStateException: boom\nover two lines",
    stack=FRAMES,
    cause=JavaException(
        class_name="java.lang.IllegalStateException",
        message="boom",
        stack=(INNER, *FRAMES[1:]),
        cause=JavaException(class_name="java.lang.NullPointerException", stack=(INNER, *FRAMES[1:])),
    ),
)


def test_a_printed_exception_is_read_with_its_causes_and_their_whole_stacks() -> None:
    assert exception_from_text(PRINTED) == TREE
    assert [str(one) for one in TREE.chain][1:] == [
        "java.lang.IllegalStateException: boom",
        "java.lang.NullPointerException",
    ]
    assert TREE.root is TREE.chain[-1]


def test_it_can_be_printed_again() -> None:
    assert exception_from_text(TREE.format()) == TREE


@pytest.mark.parametrize("text", ["", "boom", "no class: here", "Caused by: java.lang.Error", "\tat a.B.c(B.java:1)"])
def test_a_text_that_is_no_exception_is_none(text: str) -> None:
    assert exception_from_text(text) is None


def test_a_text_without_a_stack_is_an_exception_all_the_same() -> None:
    assert exception_from_text("java.lang.Error: no\nmore") == JavaException(
        class_name="java.lang.Error", message="no\nmore"
    )


def test_a_stack_in_the_text_has_no_more_frames_than_java_keeps() -> None:
    read = exception_from_text("java.lang.Error\n" + "\tat a.B.c(B.java:1)\n" * 5000)
    assert read is not None
    assert len(read.stack) == 1024
    read = exception_from_text(
        ("Caused by: java.lang.Error\n" + "\tat a.B.c(B.java:1)\n" * 9 + "\t... 999999 more\n" * 9)[11:]
    )
    assert read is not None
    assert len(read.stack) == 9


def test_a_chain_of_causes_has_an_end() -> None:
    read = exception_from_text("a.B\n" + "Caused by: a.B\n" * 5000)
    assert read is not None
    assert len(read.chain) == 100


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from([*PRINTED.splitlines(), "\tat ", "\tat (", "\t... 9 more", "Caused by: ", ":", ""])
        | st.text(max_size=20),
        max_size=12,
    ).map("\n".join)
)
def test_any_text_is_read_as_something(text: str) -> None:
    read = exception_from_text(text)
    assert read is None or read.chain


# ------------------------------------------------------------------------------------------------ a member's answer


def holder(class_name: str, message: str | None, code: int = 0) -> ErrorHolder:
    return ErrorHolder(error_code=code, class_name=class_name, message=message, stack_trace_elements=FRAMES[:1])


def test_holders_are_an_exception_and_its_causes() -> None:
    read = exception_from_holders((holder("a.A", "outer", 500), holder("b.B", None), holder("c.C", "inner", 27)))
    assert [(str(one), one.error_code) for one in read.chain] == [("a.A: outer", 500), ("b.B", 0), ("c.C: inner", 27)]
    assert all(one.stack == FRAMES[:1] for one in read.chain)


def test_a_message_that_is_a_printed_exception_of_the_same_class_stands_for_it() -> None:
    read = exception_from_holders((holder("com.hazelcast.jet.JetException", PRINTED, 500),))
    assert read.chain[1:] == TREE.chain[1:]
    assert (read.message, read.stack, read.error_code) == (TREE.message, TREE.stack, 500)


def test_a_message_that_lacks_the_name_of_its_own_class_is_read_too() -> None:
    text = PRINTED.removeprefix("com.hazelcast.jet.JetException: ")
    assert exception_from_holders((holder("com.hazelcast.jet.JetException", text),)) == TREE


def test_a_message_that_is_a_printed_exception_of_another_class_is_the_cause() -> None:
    read = exception_from_holders((holder("a.Wrapper", PRINTED),))
    assert str(read).startswith("a.Wrapper: com.hazelcast.jet.JetException: Exception in ProcessorTasklet")
    assert read.cause == TREE


def test_an_error_without_an_exception_is_refused() -> None:
    with pytest.raises(ProtocolError):
        exception_from_holders(())


# ------------------------------------------------------------------------------------------------ Java's serialisation

OBJECT = JavaClass("java.lang.Object", (), 2, ())
THROWABLE = JavaClass("java.lang.Throwable", (), 2, ())


def thrown(class_name: str, message: str | None, cause: JavaValue = None, **own: JavaValue) -> JavaObject:
    """An exception as a stream has it; one without a cause has itself there."""
    made = JavaObject(JavaClass(class_name, (), 2, (THROWABLE,)))
    made._fields[class_name] = own
    made._fields["java.lang.Throwable"] = {"detailMessage": message, "cause": made if cause is None else cause}
    return made


def test_an_exception_of_a_stream_with_its_causes() -> None:
    element = JavaObject(JavaClass("java.lang.StackTraceElement", (), 2, ()))
    element._fields[element.class_name] = {
        "declaringClass": "a.B",
        "methodName": "c",
        "fileName": "B.java",
        "lineNumber": 7,
    }
    outer = thrown("a.Outer", "x", thrown("a.Inner", None))
    outer._fields["java.lang.Throwable"]["stackTrace"] = JavaArray("[Ljava.lang.StackTraceElement;", [element])
    read = exception_from_java(outer)
    assert [str(one) for one in read.chain] == ["a.Outer: x", "a.Inner"]
    assert read.stack == (StackTraceElement(class_name="a.B", method_name="c", file_name="B.java", line_number=7),)


@pytest.mark.parametrize(
    ("class_name", "field"),
    [
        ("java.lang.reflect.InvocationTargetException", "target"),
        ("java.lang.ClassNotFoundException", "ex"),
        ("java.lang.ExceptionInInitializerError", "exception"),
        ("java.lang.reflect.UndeclaredThrowableException", "undeclaredThrowable"),
    ],
)
def test_some_exceptions_keep_their_cause_elsewhere(class_name: str, field: str) -> None:
    inner = thrown("a.Inner", "y")
    read = exception_from_java(thrown(class_name, None, **{field: inner}))
    assert str(read.root) == "a.Inner: y"


def test_what_was_suppressed_is_kept() -> None:
    outer = thrown("a.Outer", None)
    outer._fields["java.lang.Throwable"]["suppressedExceptions"] = JavaArray("[", [thrown("a.Closing", "z"), None])
    (suppressed,) = exception_from_java(outer).suppressed
    assert str(suppressed) == "a.Closing: z"


def test_exceptions_that_refer_to_each_other_are_told_once() -> None:
    first, second = thrown("a.First", None), thrown("a.Second", None)
    for one, other in ((first, second), (second, first)):
        one._fields["java.lang.Throwable"]["cause"] = other
        one._fields["java.lang.Throwable"]["suppressedExceptions"] = JavaArray("[", [other, one])
    read = exception_from_java(first)
    assert [str(one) for one in read.chain] == ["a.First", "a.Second"]
    assert read.suppressed == ()


def test_a_chain_of_serialized_causes_has_an_end() -> None:
    made = thrown("a.Root", None)
    for _ in range(5000):
        made = thrown("a.Outer", None, made)
    assert len(exception_from_java(made).chain) == 100


def test_something_else_is_no_exception() -> None:
    for value in (None, "text", JavaObject(OBJECT)):
        with pytest.raises(ProtocolError):
            exception_from_java(value)
