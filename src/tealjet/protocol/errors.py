"""The one error of this package; it knows neither connections nor clusters, whoever catches it adds them."""

__all__ = ["ProtocolError"]


class ProtocolError(Exception):
    """Bytes that are no message of the client protocol, or a message that breaks its own declaration.

    Whoever sent them can't be understood any more: close the connection.
    """
