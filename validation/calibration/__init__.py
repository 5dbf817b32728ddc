"""Estimates the global parameters from observations: firings, likelihood, sampling.

Observations and priors come in; weighted parameter sets go out.
"""
