"""The client protocol, both directions: messages as a table, one codec, frames. Pure."""
