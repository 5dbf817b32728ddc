"""What is known of single phases: tables of enthalpy, entropy and heat capacity, gases, and solutions.

The tables in ``models/data`` come in; Gibbs energies against temperature go out, each with its uncertainty and source.
"""
