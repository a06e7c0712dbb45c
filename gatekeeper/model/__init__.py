"""The words that every room shares; all of them frozen values."""
