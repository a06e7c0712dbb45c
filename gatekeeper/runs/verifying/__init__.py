"""``verify``: what a packet records, recomputed from git's objects alone."""
