"""The tealjet command."""
