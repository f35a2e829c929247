"""Hazelcast's full example files, as they are in the jar, without what Tealjet says that it cannot use."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree

from ruamel.yaml import YAML

from tealjet.lab import member_jars

_NAMESPACE = "http://www.hazelcast.com/schema/client-config"

Refusals = Callable[[str], Iterable[str]]
"""Gives for a file's text the keys that are refused."""


def full_example(suffix: str, version: str = "5.7.0") -> str:
    """Return the full example of a client file."""
    with zipfile.ZipFile(member_jars(version)[0]) as jar:
        return jar.read(f"hazelcast-client-full-example.{suffix}").decode("utf-8")


def usable_yaml(text: str, refusals: Refusals) -> str:
    """Return the file without the keys that are refused."""
    tree = YAML(typ="safe").load(text)
    content = tree["hazelcast-client"]
    del content["import"]  # of a file that there is not
    while refused := list(refusals(written := _as_yaml(tree))):
        for key in refused:
            _drop_key(content, _up_to_list(key))
    return written


def _as_yaml(tree: Any) -> str:
    stream = io.StringIO()
    YAML(typ="safe").dump(tree, stream)
    return stream.getvalue()


def _up_to_list(key: str) -> str:
    return re.sub(r"\[.*", "", key)


def _drop_key(section: dict[str, Any], key: str) -> None:
    """Drop a key, or if it is one that is missing, the section that lacks it."""
    for name, value in section.items():
        rest = key.removeprefix(f"{name}.")
        if key == name or (rest != key and not (isinstance(value, dict) and _has(value, rest))):
            del section[name]
            return
        if rest != key:
            _drop_key(value, rest)
            return


def _has(section: dict[str, Any], key: str) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in section)


def usable_xml(text: str, refusals: Refusals) -> str:
    """Return the file without the elements and attributes that are refused."""
    ElementTree.register_namespace("", _NAMESPACE)
    root = ElementTree.fromstring(text)  # noqa: S314 - it is Hazelcast's own
    root.remove(_found(root, "import"))
    while refused := list(refusals(written := ElementTree.tostring(root, "unicode"))):
        for key in refused:
            _drop_element(root, _up_to_list(key).split("."))
    return written


def _drop_element(root: ElementTree.Element, path: list[str]) -> None:
    parents = {child: parent for parent in root.iter() for child in parent}
    element = root
    for part in path:
        below = next((one for one in element.iter() if _is_named(one, part) and one is not element), None)
        if below is None:
            if part in element.attrib and part != "enabled":  # which elements have to have
                del element.attrib[part]
                return
            break
        element = below
    while element is not root:
        parent = parents[element]
        parent.remove(element)
        if len(parent) or parent.attrib:
            return
        element = parent  # the schema does not like it empty


def _found(element: ElementTree.Element, name: str) -> ElementTree.Element:
    return next(one for one in element.iter() if _is_named(one, name))


def _is_named(element: ElementTree.Element, name: str) -> bool:
    return element.tag == f"{{{_NAMESPACE}}}{name}" or element.get("name") == name
