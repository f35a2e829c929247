"""JARs that clients upload: every part is checked as members check it, and none is kept or run."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from tealjet.lab.embedded.failures import MemberError
from tealjet.lab.embedded.jobs import errors
from tealjet.lab.embedded.serving import Cluster, Session
from tealjet.runtime import Handle

__all__ = ["Jar", "Uploads"]

_PATIENCE = 120.0
"""Seconds after which an upload is dropped whose next part does not come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Jar:
    """A JAR, as its upload was announced."""

    file_name: str
    sha256: str
    job_name: str | None


class _Upload:
    def __init__(self, jar: Jar, session: Session) -> None:
        self.jar = jar
        self.session = session
        self.parts = 0
        self.digest = hashlib.sha256()
        self.timer: Handle | None = None


class Uploads:
    """The uploads to a cluster that are under way. An upload ends with its first error."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._uploads: dict[uuid.UUID, _Upload] = {}

    def begin(self, session_id: uuid.UUID, jar: Jar, session: Session) -> None:
        """Begin an upload.

        Raises:
            MemberError: It has begun already; then that one ends.
        """
        if session_id in self._uploads:
            self._end(session_id)
            raise _refused(f"Session already exists. sessionID {session_id}")
        self._uploads[session_id] = _Upload(jar, session)
        self._wait(session_id)

    def add(self, session_id: uuid.UUID, *, number: int, total: int, size: int, data: bytes, sha256: str) -> Jar | None:
        """Take a part; return the JAR if it is complete now.

        Raises:
            MemberError: It is not the part that is expected, or not what was sent; then the upload ends.
        """
        upload = self._uploads.get(session_id)
        if upload is None:
            text = f"The session {session_id} does not exist. Session has timed out due to upload inactivity?"
            raise MemberError(errors.JET, text)
        try:
            self._check(upload, number=number, size=size, data=data, sha256=sha256)
            upload.parts = number
            upload.digest.update(data[:size])
            if number < total:
                self._wait(session_id)
                return None
            _same(upload.digest.hexdigest(), upload.jar.sha256)
        except MemberError:
            self._end(session_id)
            raise
        self._end(session_id)
        return upload.jar

    def forget(self, session: Session) -> None:
        """Drop the uploads of a connection that has ended."""
        for session_id, upload in tuple(self._uploads.items()):
            if upload.session is session:
                self._end(session_id)

    def _check(self, upload: _Upload, *, number: int, size: int, data: bytes, sha256: str) -> None:
        if number != upload.parts + 1:
            raise _refused(f"Received an out of order part. currentPart : {upload.parts} receivedPart : {number}")
        if not 0 < size <= len(data):
            raise _refused(f"Invalid part size : {size}")
        _same(hashlib.sha256(data[:size]).hexdigest(), sha256)

    def _wait(self, session_id: uuid.UUID) -> None:
        upload = self._uploads[session_id]
        if upload.timer is not None:
            upload.timer.cancel()
        upload.timer = self._cluster.call_at(self._cluster.now() + _PATIENCE, self._end, session_id)

    def _end(self, session_id: uuid.UUID) -> None:
        upload = self._uploads.pop(session_id, None)
        if upload is not None and upload.timer is not None:
            upload.timer.cancel()


def _same(calculated: str, received: str) -> None:
    if calculated != received.lower():
        raise _refused(f"Checksum is different!. Calculated SHA256 : {calculated}. Received SHA256 : {received}")


def _refused(text: str) -> MemberError:
    return errors.refused_upload(MemberError(errors.JET, text))
