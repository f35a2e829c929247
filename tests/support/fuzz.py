"""Coverage-guided fuzzing of what reads the bytes of others: ``python -m support.fuzz SIDE [RUNS] [OPTIONS]``.

The sides are ``member``, an embedded one; ``client``, its reader of messages; ``jobs``, its readers of what members
answer about jobs; and ``yaml`` and ``xml``, its readers of configuration files.

Streams begin with well-behaved ones and those that are kept. What does harm is written to ``build/fuzz``; keep it in
``tests/hostile``, where the suite tries it again in every run.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

_RUNS = "100000"
_FOLDER = Path("build/fuzz")
_MEGABYTES = 512
"""Of memory, for the whole process; more is a find."""
_SECONDS = 10
"""For one stream; more is a hang."""


def main() -> None:
    side, *options = sys.argv[1:]
    runs = options.pop(0) if options and options[0].isdigit() else _RUNS
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["tealjet"]):
        hostile = importlib.import_module("support.hostile")
        recordings = importlib.import_module("support.jet_recordings")
        files = importlib.import_module("support.hostile_files")
    attack, streams = {
        "member": (hostile.at_member, {"well-behaved": hostile.client_stream()}),
        "client": (hostile.at_client, {"well-behaved": hostile.member_stream()}),
        "jobs": (recordings.attack, dict(recordings.seeds())),
        "yaml": (files.attack_with("yaml"), {"well-behaved": files.SEEDS["yaml"]}),
        "xml": (files.attack_with("xml"), {"well-behaved": files.SEEDS["xml"]}),
    }[side]
    found = _FOLDER / side
    found.mkdir(parents=True, exist_ok=True)
    for name, stream in streams.items():
        (found / name).write_bytes(stream)
    limits = [f"-runs={runs}", f"-rss_limit_mb={_MEGABYTES}", f"-timeout={_SECONDS}", "-max_len=4096"]
    arguments = [sys.argv[0], *limits, f"-artifact_prefix={_FOLDER}/{side}-", *options]
    atheris.Setup([*arguments, str(found), str(hostile.KEPT / side)], attack)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
