"""Change set to manifest entries, and recorded entries held against computed ones."""
