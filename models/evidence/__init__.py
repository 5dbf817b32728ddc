"""Makes tables of energies agree with what is known: DFT corrections, observed stabilities, phase data of users.

Raw energies of computed or measured phases come in; corrected tables and their faults go out.
"""
