"""The blue/green client for Hazelcast Jet and Hazelcast Platform."""
