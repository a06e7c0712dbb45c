"""Which checks, in which order; pure."""
