"""Puts the options of a client together: what was given in code, then what the files say, then the defaults."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields

from tealjet.config.model import FailoverConfig
from tealjet.failover.options import FailoverOptions, Profile

__all__ = ["merged_options"]


def merged_options(config: FailoverConfig, overrides: Mapping[str, object]) -> FailoverOptions:
    """Return the options that hold.

    Args:
        config: Whose first cluster's ``tealjet.*`` properties are the base.
        overrides: Values by field name, given in code; they win. ``profile`` may be its name.

    Raises:
        TypeError: There is no such option, or the value is of a wrong type.
        ValueError: A value is out of range.
    """
    defaults = {option.name: option.default for option in fields(FailoverOptions)}
    values: dict[str, object] = dict(config.first.options)
    for name, value in overrides.items():
        if name not in defaults:
            near = difflib.get_close_matches(name, defaults, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"there is no option {name!r}{hint} (options: {', '.join(defaults)})")
        values[name] = _checked(name, value, defaults[name])
    return FailoverOptions(**values)  # type: ignore[arg-type]  # checked above, and by the table of keys


def _checked(name: str, value: object, default: object) -> object:
    if isinstance(default, Profile):
        return _profile(value)
    if value is None and default is None:
        return None
    kind, allowed = _KINDS[type(default)]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"option {name!r} must be {allowed}, not {value!r}")
    return value


def _profile(value: object) -> Profile:
    try:
        return Profile(value)
    except ValueError:
        names = ", ".join(profile.value for profile in Profile)
        raise ValueError(f"option 'profile' must be one of {names}, not {value!r}") from None


_KINDS: dict[type, tuple[type | tuple[type, ...], str]] = {
    bool: (bool, "True or False"),
    int: (int, "a whole number"),
    float: ((int, float), "a number of seconds"),
    type(None): ((int, float), "a number of seconds or None"),
}
