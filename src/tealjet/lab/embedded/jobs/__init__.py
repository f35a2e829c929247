"""Jobs of embedded members: they are submitted, listed, joined and cancelled as on real members, and never run."""
