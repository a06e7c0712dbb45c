"""Discover, lint, run and prove migrations (contract, section 5)."""
