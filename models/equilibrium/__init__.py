"""Which phases coexist at given potentials: a linear programme over compounds and solutions.

Gibbs energies and amounts of the elements come in; stable phases, their amounts and chemical potentials go out.
"""
