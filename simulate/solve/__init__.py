"""Diffusion and reaction through a schedule: rates and conductances, one time step, the march through time, the result.

A problem comes in; amounts of every phase against time, with their numerical error, go out.
"""
