"""How fast things happen: diffusivities by host, transformation rates, sintering, and calibrated parameters.

Temperature and grain sizes come in; diffusivities [m^2/s] and rates [1/s] go out.
"""
