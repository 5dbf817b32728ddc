"""Physical constants and reference states in SI, and the quantiles that intervals run between."""

from scipy.constants import N_A, Boltzmann, Planck, e, zero_Celsius

AVOGADRO = N_A
"""Avogadro constant [1/mol]."""

GAS_CONSTANT = Boltzmann * N_A
"""Molar gas constant [J mol^-1 K^-1]."""

EV_PER_ATOM = e * N_A
"""One electronvolt per atom in J per mole of atoms."""

BOLTZMANN_OVER_PLANCK = Boltzmann / Planck
"""k_B / h [s^-1 K^-1], the Eyring attempt frequency per kelvin."""

T_STANDARD = 298.15
"""Temperature of the standard state of all formation data [K]; elements have H = 0 there."""

CELSIUS_ZERO = zero_Celsius
"""0 degrees Celsius in kelvin."""

T_MIN, T_MAX = 273.15, 1773.15
"""Temperatures [K] outside which no prediction is made: the heat capacities end there."""

QUANTILES = (0.05, 0.5, 0.95)
"""Lower end, median and upper end of a 90 % interval."""
