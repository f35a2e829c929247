"""Java's configuration files, read as Java reads them."""

from tealjet.config.classes import ClassNames
from tealjet.config.model import ClientConfig, FailoverConfig
from tealjet.config.options import merged_options

__all__ = ["ClassNames", "ClientConfig", "FailoverConfig", "merged_options"]
