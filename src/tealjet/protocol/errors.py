"""The errors of this package; they know neither connections nor clusters, whoever catches one adds them."""

__all__ = ["PeerSpeaksTlsError", "ProtocolError"]


class ProtocolError(Exception):
    """Bytes that are no message of the client protocol, or a message that breaks its own declaration.

    Whoever sent them can't be understood any more: close the connection.
    """


class PeerSpeaksTlsError(ProtocolError):
    """Bytes of a TLS record where a message of the plain protocol was expected."""
