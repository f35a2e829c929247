"""Jobs: submitting, watching and steering them, and reading what members answer about them."""
