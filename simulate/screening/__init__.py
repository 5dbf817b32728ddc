"""Thousands of candidates: their space, the runs on all processors, a store that survives a kill, rankings.

A space of candidates comes in; a Zarr store and a ranked table go out.
"""
