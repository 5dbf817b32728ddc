"""What every other room needs: physical constants, errors in one line, quantities with units, formulas, files, roots.

Texts and numbers come in; checked SI values go out. Nothing here knows of phases.
"""
