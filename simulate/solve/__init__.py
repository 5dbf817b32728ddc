"""A whole run: its equations as arrays, the drive through the schedule, checkpoints, and what came of it.

A problem comes in; amounts of every phase against time, with their numerical error, go out.
"""
