"""Whatever a file holds, the loader gives a configuration or a ConfigError, never anything else."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tealjet.config import ClientConfig, FailoverConfig
from tealjet.config.keys import CLIENT, FAILOVER
from tealjet.config.table import Schema
from tealjet.errors import ConfigError

# how fast a machine makes up its inputs says nothing about the loader
_any = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["true", "5000", "ON", "fast", "host:5701", "${x}", "1e999", "-1", "[::1]:5701", "a\0b"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=5,
)


def _documents(schema: Schema) -> st.SearchStrategy[str]:
    keys = st.sampled_from([key.path for key in schema.keys])
    return st.dictionaries(keys, _VALUES, max_size=8).map(_nested).map(json.dumps)


def _nested(flat: dict[tuple[str, ...], Any]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for path, value in flat.items():
        section = document
        for name in path[:-1]:
            below = section.setdefault(name, {})
            if not isinstance(below, dict):  # a value stands where the section should be
                break
            section = below
        else:
            section[path[-1]] = value
    return document


def _load(content: bytes, loader: type[ClientConfig] | type[FailoverConfig]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "conf.yaml"
        path.write_bytes(content)
        loaded, error = _outcome(loader, path)
    if error is None:
        assert isinstance(loaded, loader)
    else:
        assert error.problems
        assert len(str(error).splitlines()) == 1 + len(error.problems)
        assert str(error).encode()


def _outcome(loader: type[ClientConfig] | type[FailoverConfig], path: Path) -> tuple[object, ConfigError | None]:
    try:
        return loader.load(path), None
    except ConfigError as error:
        return None, error


@_any
@given(st.binary(max_size=200))
@example(b'"\\UFFFFFFFF"')
@example(b"%YAML 1.2\n%YAML 1.2\n---\n")
@example(b"? ? ?")
@example(b"\xef\xbb\xbf")
def test_any_bytes_give_a_configuration_or_a_config_error(content: bytes) -> None:
    _load(content, ClientConfig)


@_any
@given(st.text(alphabet=st.sampled_from("ab:-?[]{},&*!|>'\"%@`#~ \n\t\\0x<."), max_size=60))
def test_any_text_that_looks_like_yaml_gives_a_configuration_or_a_config_error(content: str) -> None:
    _load(content.encode(), FailoverConfig)


@_any
@given(_documents(CLIENT))
def test_any_values_of_client_keys_give_a_configuration_or_a_config_error(document: str) -> None:
    _load(document.encode(), ClientConfig)


@_any
@given(_documents(FAILOVER))
def test_any_values_of_failover_keys_give_a_configuration_or_a_config_error(document: str) -> None:
    _load(document.encode(), FailoverConfig)
