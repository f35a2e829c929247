"""The errors of this package; they know neither connections nor clusters, whoever catches one adds them."""

__all__ = ["MissingFieldError", "PeerSpeaksTlsError", "ProtocolError", "UnknownValueError"]


class ProtocolError(Exception):
    """Bytes that are no message of the client protocol, or a message that breaks its own declaration.

    Whoever sent them can't be understood any more: close the connection.
    """


class PeerSpeaksTlsError(ProtocolError):
    """Bytes of a TLS record where a message of the plain protocol was expected."""


class UnknownValueError(ProtocolError):
    """A number that stands for nothing: everything around it can be understood.

    Args:
        number: What was sent.
        kind: The name of the enumeration that it is not in.
    """

    def __init__(self, number: int, kind: str) -> None:
        super().__init__(f"{number} is no {kind}")
        self.number = number
        self.kind = kind


class MissingFieldError(ProtocolError):
    """A message, or a structure in one, ends before a field that is not optional.

    Args:
        message_type: The message's number.
        field: What is missing.
        framed: The field has frames of its own; else it lies in the first frame, which is too short.
    """

    def __init__(self, message_type: int, field: str, *, framed: bool) -> None:
        super().__init__(f"message {message_type:#08x} ends before its {field}")
        self.framed = framed
