"""The problem before it is solved: two powders, schedule, gas, crucible and mesh.

What users write comes in; checked, frozen descriptions in SI units go out.
"""
