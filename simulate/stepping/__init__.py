"""Compiled steps through time: energies, conductances and mobilities of a moment, one Newton step, the march.

Arrays that ``solve`` makes of a problem come in; amounts after each step go out. Nothing here knows phases by name.
"""
