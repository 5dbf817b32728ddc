"""What instruments show of a sample and what a cell loses by it: X-ray patterns, Raman bands, resistances.

Shares of phases [wt%] with their compositions and families come in; counts against angle, bands [cm^-1] and
resistances [ohm m^2] go out.
"""
