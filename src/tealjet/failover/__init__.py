"""The decisions: which cluster is used, when it is left, and what has to happen in which order. Pure."""
