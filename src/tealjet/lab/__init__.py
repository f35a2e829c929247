"""Hazelcast clusters on this machine, to try, test and show things with."""
