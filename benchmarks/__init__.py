"""Measures Tealjet on real members, side by side with the official client; run with ``python -m benchmarks``."""
