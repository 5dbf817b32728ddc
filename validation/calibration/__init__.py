"""Estimates parameters from observations: a search, an emulator, samples that the model weighs, and the fit of cells.

Observations, priors and judged sets come in; weighted parameter sets go out.
"""
