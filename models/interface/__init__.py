"""Thermodynamics of two materials in contact, without time: reactions, stability, windows, maps, coatings, ensembles.

Two materials, a temperature and a gas come in; reaction energies and products go out.
"""
