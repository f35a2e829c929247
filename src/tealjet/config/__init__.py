"""Java's configuration files, read as Java reads them."""

from tealjet.config.model import ClientConfig, FailoverConfig
from tealjet.config.options import merged_options

__all__ = ["ClientConfig", "FailoverConfig", "merged_options"]
