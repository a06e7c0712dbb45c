"""Prove a change against its plan: packets, manifests, gates and the migration proof."""

__version__ = "0.1.0"
