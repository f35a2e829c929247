"""How the value of a key is read: its type, unit and range, and what is said when it is wrong.

Java takes the text of a scalar whatever its YAML type is, so ``"5000"`` in quotes is a number here too. Durations come
in Java's units and leave as seconds. Nothing here knows which key a reader belongs to.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tealjet.config.nodes import MappingNode, Node, ScalarNode, SequenceNode, child
from tealjet.config.problem import Place, Problems, quoted

__all__ = [
    "MAX_INT",
    "MAX_LONG",
    "Disabled",
    "Ignored",
    "Many",
    "One",
    "Piece",
    "Reader",
    "Records",
    "Section",
    "Strategies",
    "Texts",
    "Unsupported",
    "boolean",
    "choice",
    "millis",
    "number",
    "parse_address",
    "port_range",
    "seconds",
    "text",
    "trimmed",
    "whole",
]

MAX_INT = 2**31 - 1
"""Java's largest int."""
MAX_LONG = 2**63 - 1
"""Java's largest long."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BLANKS = "".join(map(chr, range(33)))
_HOST = re.compile(r"[^\s/,@:\[\]\x00-\x1f]+")


class Reader(Protocol):
    """Reads the value of one key."""

    @property
    def allowed(self) -> str:
        """What may stand there, for messages and for the manual."""
        ...

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """Return the value; None when it means "not set", or is wrong, which was added to ``problems``."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class One:
    """Reads a single value."""

    allowed: str
    convert: Callable[[str], object | None]
    """Makes the value from its text. Raises ValueError, whose text is a hint for the user, when it is wrong."""
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": ["string", "number", "boolean"]}, repr=False)
    """As much of it as a JSON Schema can say, for editors."""

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """See Reader."""
        if not isinstance(node, ScalarNode) or node.null:
            problems.add(node.mark, key, f"found {_kind(node)}", allowed=self.allowed)
            return None
        try:
            return self.convert(trimmed(node.text))
        except ValueError as error:
            found = f"found {quoted(node.text, key)}"
            problems.add(node.mark, key, found, allowed=self.allowed, hint=str(error))
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Many:
    """Reads a list."""

    item: One
    least: int = 0
    """How many there have to be."""

    @property
    def allowed(self) -> str:
        """See Reader."""
        return f"a list{', not empty' if self.least else ''}, each item {self.item.allowed}"

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """See Reader; the items are a list."""
        if not isinstance(node, SequenceNode):
            problems.add(node.mark, key, f"found {_kind(node)}", allowed=self.allowed)
            return None
        if len(node.items) < self.least:
            problems.add(node.mark, key, "found an empty list", allowed=self.allowed)
            return None
        before = len(problems)
        values = []
        for index, item in enumerate(node.items):
            if problems.full:
                break
            values.append(self.item.read(item, f"{key}[{index}]", problems))
        return values if len(problems) == before else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A text with its place, for what is understood later: a class, a setting of TLS."""

    text: str
    mark: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """Reads a mapping of names to texts, whatever the names are."""

    allowed: str = "a mapping of names to single values"
    names: tuple[str, ...] = ()
    """Names that are known, for what says them in another spelling."""

    def read(self, node: Node, key: str, problems: Problems) -> dict[str, Piece] | None:
        """See Reader; the values know their places."""
        if not isinstance(node, MappingNode):
            problems.add(node.mark, key, f"found {_kind(node)}", allowed=self.allowed)
            return None
        values = {}
        for entry in node.entries:
            if isinstance(entry.value, ScalarNode):
                values[entry.key] = Piece(text=trimmed(entry.value.text), mark=entry.value.mark)
            else:
                found = f"found {_kind(entry.value)}"
                problems.add(entry.value.mark, f"{key}.{entry.key}", found, allowed="a single value")
        return values


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """Reads a list of mappings, or one mapping, with the same keys each."""

    fields: Mapping[str, One]
    """What each of them has to have."""
    optional: Mapping[str, Ignored] = field(default_factory=dict)
    """What it may have besides, without effect."""
    single: bool = False
    """It is one mapping and not a list."""

    @property
    def allowed(self) -> str:
        """See Reader."""
        each = f"a mapping with {', '.join((*self.fields, *self.optional))}"
        return each if self.single else f"a list, each item {each}"

    def read(self, node: Node, key: str, problems: Problems) -> list[dict[str, Piece]] | None:
        """See Reader; each record has the text and the place of each field."""
        items: tuple[Node, ...] = (node,)
        if not self.single:
            if not isinstance(node, SequenceNode):
                problems.add(node.mark, key, f"found {_kind(node)}", allowed=self.allowed)
                return None
            items = node.items
        before = len(problems)
        records = [
            self._record(item, key if self.single else f"{key}[{number}]", problems)
            for number, item in enumerate(items)
            if not problems.full
        ]
        return records if len(problems) == before else None

    def _record(self, node: Node, key: str, problems: Problems) -> dict[str, Piece]:
        if not isinstance(node, MappingNode):
            allowed = f"a mapping with {', '.join(self.fields)}"
            problems.add(node.mark, key, f"found {_kind(node)}", allowed=allowed)
            return {}
        record = {}
        for entry in node.entries:
            name = f"{key}.{entry.key}"
            if entry.key in self.optional:
                problems.note(entry.mark, name, self.optional[entry.key].note)
            elif entry.key not in self.fields:
                problems.add(entry.mark, name, "unknown key", allowed=", ".join((*self.fields, *self.optional)))
            elif self.fields[entry.key].read(entry.value, name, problems) is not None:
                assert isinstance(entry.value, ScalarNode)  # noqa: S101 - One reads nothing else
                record[entry.key] = Piece(text=trimmed(entry.value.text), mark=entry.value.mark)
        present = {entry.key for entry in node.entries}
        for missing in (name for name in self.fields if name not in present):
            allowed = self.fields[missing].allowed
            problems.add(node.mark, f"{key}.{missing}", "the key is missing", allowed=allowed)
        return record


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Reads a mapping whose name is the user's choice; its keys have rows of their own."""

    allowed: str = "a mapping"

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """See Reader."""
        if isinstance(node, MappingNode):
            return {}
        problems.add(node.mark, key, f"found {_kind(node)}", allowed=self.allowed)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsupported:
    """Refuses a key that Java knows: going on without what it asks for would be worse."""

    why: str
    instead: str = "remove the key"
    """What to do."""
    allowed: str = "nothing"

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """See Reader."""
        problems.add(node.mark, key, f"not supported: {self.why}", hint=self.instead)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Disabled:
    """Refuses a section that Java knows, unless it is not enabled: then it has no effect in Java either."""

    why: str
    instead: str
    """What to do."""
    allowed: str = "enabled: false"

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """See Reader."""
        if not isinstance(node, MappingNode):
            problems.add(node.mark, key, f"found {_kind(node)}", allowed=self.allowed)
            return None
        entry = child(node, "enabled")  # without it Java does not enable the section
        if entry is not None and boolean().read(entry.value, f"{key}.enabled", problems):
            problems.add(entry.mark, f"{key}.enabled", f"not supported: {self.why}", hint=self.instead)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Strategies:
    """Refuses the discovery strategies of a list, unless they are not enabled."""

    why: str
    instead: str
    """What to do."""
    allowed: str = "strategies with enabled: false"

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """See Reader."""
        if not isinstance(node, MappingNode):
            problems.add(node.mark, key, f"found {_kind(node)}", allowed=self.allowed)
            return None
        listed = child(node, "discovery-strategies")
        items = listed.value.items if listed is not None and isinstance(listed.value, SequenceNode) else ()
        for number, item in enumerate(items):
            name = f"{key}.discovery-strategies[{number}]"
            Disabled(why=self.why, instead=self.instead).read(item, name, problems)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """Takes a key that Java knows and that would change nothing in Python; it is noted once, with its place."""

    why: str
    but: One | None = None
    """Reads the value nevertheless: what Java refuses is refused."""
    anyway: str = ""
    """The value that holds here whatever is written, of which nothing needs to be said."""
    allowed: str = "anything"

    @property
    def note(self) -> str:
        """What is said about it."""
        return f"without effect: {self.why}"

    def read(self, node: Node, key: str, problems: Problems) -> object | None:
        """See Reader; as in Java nothing in it may be without a value."""
        if self.but is not None:
            self.but.read(node, key, problems)
        else:
            for mark in _nothings(node):
                problems.add(mark, key, "found nothing", allowed="a value, or no key")
        return None

    def says_nothing_of(self, node: Node) -> bool:
        """Say whether the value asks for nothing that would be missed."""
        enabled = child(node, "enabled")
        if enabled is not None:
            return isinstance(enabled.value, ScalarNode) and trimmed(enabled.value.text).lower() == "false"
        return isinstance(node, ScalarNode) and trimmed(node.text).lower() == self.anyway


def text() -> One:
    """Read text that is not blank."""
    return One(allowed="text that is not blank", convert=_text)


def boolean(*, only: bool | None = None, why: str = "") -> One:
    """Read true or false.

    Args:
        only: The one value that can be honoured; None for both.
        why: Why the other one cannot.
    """

    def convert(value: str) -> bool:
        result = {"true": True, "false": False}.get(value.lower())
        if result is None:
            raise ValueError
        if only is not None and result is not only:
            raise ValueError(why)
        return result

    allowed = [True, False] if only is None else [only]
    words = [str(one).lower() for one in allowed]
    return One(allowed=" or ".join(words), convert=convert, schema=_one_of(words, *allowed))


def whole(
    least: int,
    most: int = MAX_INT,
    *,
    divisor: float | None = None,
    unit: str = "",
    unset: int | None = None,
    hints: Mapping[int, str] | None = None,
) -> One:
    """Read a whole number.

    Args:
        least: The smallest that is allowed.
        most: The largest that is allowed.
        divisor: What makes seconds of it; None to leave it an ``int``.
        unit: The unit in the file, for people.
        unset: A number that means "not set".
        hints: What to say of numbers out of range that mean something in Java.
    """

    def convert(value: str) -> int | float | None:
        if not _WHOLE.fullmatch(value):
            raise ValueError
        result = int(value)
        if result == unset:
            return None
        if not least <= result <= most:
            raise ValueError((hints or {}).get(result, ""))
        return result if divisor is None else result / divisor

    allowed = f"a whole number{f' of {unit}' if unit else ''} from {least} to {most}"
    schema = {"type": ["integer", "string"], "minimum": least, "maximum": most, "pattern": r"^\s*[+-]?[0-9]+\s*$"}
    if unset is None:
        return One(allowed=allowed, convert=convert, schema=schema)
    schema["minimum"] = min(least, unset)
    return One(allowed=f"{allowed}, or {unset} for not set", convert=convert, schema=schema)


def millis(least: int, most: int = MAX_INT, *, unset: int | None = None, hints: Mapping[int, str] | None = None) -> One:
    """Read a whole number of milliseconds as seconds; see :func:`whole`."""
    return whole(least, most, divisor=1000.0, unit="milliseconds", unset=unset, hints=hints)


def seconds(least: int, *, unset: int | None = None) -> One:
    """Read a whole number of seconds; see :func:`whole`."""
    return whole(least, divisor=1.0, unit="seconds", unset=unset)


def number(least: float, most: float) -> One:
    """Read a number that may have a fraction."""

    def convert(value: str) -> float:
        if not _NUMBER.fullmatch(value):
            raise ValueError
        result = float(value)
        if not (math.isfinite(result) and least <= result <= most):
            raise ValueError
        return result

    schema = {"type": ["number", "string"], "minimum": least, "maximum": most}
    return One(allowed=f"a number from {least:g} to {most:g}", convert=convert, schema=schema)


def choice(values: Mapping[str, object], *, refused: Mapping[str, str] | None = None, otherwise: str = "") -> One:
    """Read one of some words, in any case.

    Args:
        values: What each word means.
        refused: Words that Java knows and that cannot be honoured, with the reason.
        otherwise: What to say of all other words.
    """
    reasons = refused or {}

    def convert(value: str) -> object:
        for word, meaning in values.items():
            if value.lower() == word.lower():
                return meaning
        raise ValueError(reasons.get(value.upper(), otherwise))

    return One(allowed=", ".join(values), convert=convert, schema=_one_of(list(values)))


def _one_of(words: Sequence[str], *others: object) -> dict[str, object]:
    """Return the schema of some words, which editors offer, in any case, which they accept."""
    any_case = "|".join(
        "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in word)
        for word in words
    )
    return {"anyOf": [{"enum": [*others, *words]}, {"type": "string", "pattern": rf"^\s*({any_case})\s*$"}]}


def trimmed(value: str) -> str:
    """Return the value as Java takes it, without blanks and control characters at both ends."""
    return value.strip(_BLANKS)


def port_range(value: str) -> tuple[range, ...]:
    """Return the ports of one number, of a range "34700-34710", or of several of both; 0 and "*" stand for any port.

    Raises:
        ValueError: It is none of these.
    """
    ranges = []
    for part in re.split(r"[,; ]+", value):
        numbers = ["0"] if part == "*" else part.split("-")
        if len(numbers) > 2 or not all(re.fullmatch(r"[0-9]{1,5}", number) for number in numbers):
            raise ValueError
        first, last = int(numbers[0]), int(numbers[-1])
        if not 0 <= first <= last <= 65535:
            raise ValueError("a port is a number from 0 to 65535, and a range goes up")
        ranges.append(range(first, last + 1))
    return tuple(ranges)


def parse_address(value: str) -> tuple[str, int | None]:
    """Return host and port of ``host``, ``host:port``, an IPv6 address or ``[IPv6]:port``; port None if there is none.

    Raises:
        ValueError: It is none of these.
    """
    host, port = _split_address(value)
    if ":" in host:
        _check_ipv6(host)
    elif not _HOST.fullmatch(host) or not _encodable(host):
        raise ValueError
    if port is None:
        return host, None
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError("a port is a number from 1 to 65535")
    return host, int(port)


def _split_address(value: str) -> tuple[str, str | None]:
    if value.startswith("["):
        host, bracket, rest = value[1:].partition("]")
        if not bracket or ":" not in host or (rest and not rest.startswith(":")):
            raise ValueError
        return host, rest[1:] if rest else None
    if value.count(":") == 1:
        host, _, port = value.partition(":")
        return host, port
    return value, None


def _check_ipv6(host: str) -> None:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        raise ValueError("with more than one colon it has to be an IPv6 address") from None


def _text(value: str) -> str:
    if not value.strip() or "\x00" in value or not _encodable(value):
        raise ValueError
    return value


def _encodable(value: str) -> bool:
    # a YAML escape can name half of a surrogate pair, which no message to a cluster can carry
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _nothings(node: Node) -> Iterator[Place]:
    """Yield where a value is missing."""
    if isinstance(node, ScalarNode):
        if node.null:
            yield node.mark
        return
    for inner in node.items if isinstance(node, SequenceNode) else (entry.value for entry in node.entries):
        yield from _nothings(inner)


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, SequenceNode) else "nothing" if node.null else "a single value"
