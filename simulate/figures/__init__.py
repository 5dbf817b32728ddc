"""Pictures for papers and notebooks, drawn with matplotlib: runs, sweeps, schedules, screens and instruments.

Results come in; figures go out. Nothing is computed here that a result does not hold.
"""
