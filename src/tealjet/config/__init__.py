"""Java's configuration files, read as Java reads them."""
