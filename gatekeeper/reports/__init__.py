"""Outward formats, one file each: a rendering of the verdict that computes nothing."""
