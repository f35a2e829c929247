"""What failed in a member, as Java tells it: class, message, stack and causes, from each of the forms it comes in.

A member that answers an error names the exception and its causes one after the other; a failure that comes out of an
observable is an object of Java's own serialisation; and a failure that a member has kept is a text, as Java prints
exceptions. All three become the same tree, and nothing in it is an error of ours: what a user is told is decided by
whoever knows what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tealjet.jet.java_stream import MAX_DEPTH, JavaArray, JavaObject, JavaValue
from tealjet.jet.java_values import items_of
from tealjet.protocol.errors import ProtocolError
from tealjet.protocol.values import ErrorHolder, StackTraceElement

__all__ = ["JavaException", "exception_from_holders", "exception_from_java", "exception_from_text"]

_THROWABLE: Final = "java.lang.Throwable"
_MOST_CAUSES: Final = 100
_MOST_FRAMES: Final = 1024
"""Java keeps no more of a stack."""
_UNKNOWN, _NATIVE = -1, -2
"""Line numbers by which Java says that it knows none, or that a frame is no Java."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JavaException:
    """An exception of a member, with its cause in it."""

    class_name: str
    message: str | None = None
    stack: tuple[StackTraceElement, ...] = ()
    """Where it was made, the innermost call first."""
    cause: JavaException | None = None
    suppressed: tuple[JavaException, ...] = ()
    error_code: int = 0
    """The protocol's number for its class, 0 when it has none or came in another way."""

    @property
    def chain(self) -> tuple[JavaException, ...]:
        """The exception, its cause, the cause of that, and so on."""
        return tuple(self._chain())

    def _chain(self) -> Iterator[JavaException]:
        one: JavaException | None = self
        while one is not None:
            yield one
            one = one.cause

    @property
    def root(self) -> JavaException:
        """The last cause, which usually says what was wrong."""
        return self.chain[-1]

    def __str__(self) -> str:
        return self.class_name if self.message is None else f"{self.class_name}: {self.message}"

    def format(self) -> str:
        """Return the text that Java prints for it and its causes."""
        lines: list[str] = []
        for one in self.chain:
            lines.append(f"Caused by: {one}" if lines else str(one))
            lines += [f"\tat {_line(element)}" for element in one.stack]
        return "\n".join(lines)


def _line(element: StackTraceElement) -> str:
    if element.line_number == _NATIVE:
        place = "Native Method"
    elif element.file_name is None:
        place = "Unknown Source"
    else:
        place = element.file_name + (f":{element.line_number}" if element.line_number >= 0 else "")
    return f"{element.class_name}.{element.method_name}({place})"


# ---------------------------------------------------------------------------------------- as a member answers errors


def exception_from_holders(holders: Sequence[ErrorHolder]) -> JavaException:
    """Return what a member answered: an exception and its causes, one after the other.

    Where the last message is the text of an exception with its stack, because a member kept no more of it, its causes
    are those in the text.

    Raises:
        ProtocolError: There are no holders.
    """
    made: JavaException | None = None
    for holder in reversed(holders[:_MOST_CAUSES]):
        here = JavaException(
            class_name=holder.class_name,
            message=holder.message,
            stack=holder.stack_trace_elements,
            cause=made,
            error_code=holder.error_code,
        )
        made = _with_causes_in_text(here) if made is None else here
    if made is None:
        raise ProtocolError("an error without an exception")
    return made


def _with_causes_in_text(exception: JavaException) -> JavaException:
    text = exception.message or ""
    if f"\n{_FRAME}" not in text:
        return exception
    # of the member's own exception the class may be left out, and with it all that comes before the stack
    own = f"{exception.class_name}\n\t" if text.startswith("at ") else f"{exception.class_name}: "
    told = exception_from_text(text) or exception_from_text(own + text)
    if told is None:
        return exception
    if told.class_name == exception.class_name:
        return replace(told, error_code=exception.error_code)
    return replace(exception, message=text.partition("\n")[0], cause=told)


# ------------------------------------------------------------------------------------------- as Java serializes them

_CAUSES_OF_THEIR_OWN: Final[Mapping[str, str]] = {
    "java.lang.ClassNotFoundException": "ex",
    "java.lang.ExceptionInInitializerError": "exception",
    "java.lang.reflect.InvocationTargetException": "target",
    "java.lang.reflect.UndeclaredThrowableException": "undeclaredThrowable",
}
"""Classes that keep their cause in a field of their own."""


def exception_from_java(value: JavaValue) -> JavaException:
    """Return the exception that was read from a stream of Java's own serialisation.

    Raises:
        ProtocolError: It is no exception.
    """
    made = _from_java(value, set(), MAX_DEPTH)
    if made is None:
        raise ProtocolError("a failure is no Java exception")
    return made


def _from_java(value: JavaValue, told: set[int], depth: int) -> JavaException | None:
    """Return an exception with its causes; each one is told once, however many refer to it."""
    causes: list[JavaObject] = []
    while isinstance(value, JavaObject) and value.java_class.extends(_THROWABLE) and id(value) not in told:
        if len(causes) == _MOST_CAUSES:
            break
        told.add(id(value))
        causes.append(value)
        value = _cause_of(value)
    made: JavaException | None = None
    for one in reversed(causes):
        fields = one.fields(_THROWABLE)
        made = JavaException(
            class_name=one.class_name,
            message=_text(fields.get("detailMessage")),
            stack=_stack(fields.get("stackTrace")),
            cause=made,
            suppressed=_suppressed(fields.get("suppressedExceptions"), told, depth),
        )
    return made


def _cause_of(exception: JavaObject) -> JavaValue:
    """Return what caused it; an exception without a cause has itself there."""
    for one in (*exception.java_class.ancestors, exception.java_class):
        own = _CAUSES_OF_THEIR_OWN.get(one.name)
        cause = exception.fields(one.name).get(own) if own else None
        if cause is not None:
            return cause
    return exception.fields(_THROWABLE).get("cause")


def _suppressed(value: JavaValue, told: set[int], depth: int) -> tuple[JavaException, ...]:
    if depth == 0:
        return ()
    made = (_from_java(one, told, depth - 1) for one in items_of(value) or ())
    return tuple(one for one in made if one is not None)


def _stack(value: JavaValue) -> tuple[StackTraceElement, ...]:
    items = value.items if isinstance(value, JavaArray) else []
    return tuple(_element(item) for item in items[:_MOST_FRAMES] if isinstance(item, JavaObject))


def _element(item: JavaObject) -> StackTraceElement:
    fields = item.fields()
    line = fields.get("lineNumber")
    return StackTraceElement(
        class_name=_text(fields.get("declaringClass")) or "",
        method_name=_text(fields.get("methodName")) or "",
        file_name=_text(fields.get("fileName")),
        line_number=line if isinstance(line, int) else _UNKNOWN,
    )


def _text(value: JavaValue) -> str | None:
    return value if isinstance(value, str) else None


# ------------------------------------------------------------------------------------------------- as Java prints them

_HEADER = re.compile(r"(?:Caused by: )?((?:[\w$]+\.)+[\w$]+)(?:: (.*))?")
_IN_COMMON = re.compile(r"\t\.\.\. (\d{1,6}) more")
_FRAME, _CAUSE = "\tat ", "Caused by: "
_AFTER_MESSAGE = (_FRAME, _CAUSE, "\t... ", "\tSuppressed: ")


def exception_from_text(text: str) -> JavaException | None:
    """Return the exception whose text, with stack and causes, Java has printed; None when it is no such text.

    The frames that a cause has in common with what it caused, which Java prints once, are in both. What was suppressed
    is left out.
    """
    made: JavaException | None = None
    for one in reversed(_printed(text.split("\n"))):
        made = replace(one, cause=made)
    return made


def _printed(lines: Sequence[str]) -> list[JavaException]:
    """Read exceptions one after the other, each but the first the cause of the one before."""
    found: list[JavaException] = []
    position = 0
    while position < len(lines) and len(found) < _MOST_CAUSES:
        header = _HEADER.fullmatch(lines[position])
        if header is None or lines[position].startswith(_CAUSE) is not bool(found):
            break
        position += 1
        message = [] if header[2] is None else [header[2]]
        while message and position < len(lines) and not lines[position].startswith(_AFTER_MESSAGE):
            message.append(lines[position])
            position += 1
        end = position
        while end < len(lines) and not lines[end].startswith(_CAUSE):
            end += 1
        stack = _printed_stack(lines[position:end], found[-1].stack if found else ())
        position = end
        text = "\n".join(message) if message else None
        found.append(JavaException(class_name=header[1], message=text, stack=stack))
    return found


def _printed_stack(lines: Sequence[str], outer: Sequence[StackTraceElement]) -> tuple[StackTraceElement, ...]:
    stack = [_printed_element(line) for line in lines[:_MOST_FRAMES] if line.startswith(_FRAME)]
    common = next((found for line in reversed(lines) if (found := _IN_COMMON.fullmatch(line))), None)
    if common is not None:
        stack += outer[max(len(outer) - int(common[1]), 0) :]
    return tuple(stack[:_MOST_FRAMES])


def _printed_element(line: str) -> StackTraceElement:
    call, _, rest = line.removeprefix(_FRAME).partition("(")
    # a class loader and a module may stand before the class
    class_name, _, method = call.rpartition("/")[2].rpartition(".")
    place = rest.rstrip(")")
    file, _, number = place.rpartition(":")
    if number.isascii() and number.isdigit() and len(number) < 10:
        return StackTraceElement(class_name=class_name, method_name=method, file_name=file, line_number=int(number))
    unnamed = place in ("Native Method", "Unknown Source")
    return StackTraceElement(
        class_name=class_name,
        method_name=method,
        file_name=None if unnamed else place,
        line_number=_NATIVE if place == "Native Method" else _UNKNOWN,
    )
