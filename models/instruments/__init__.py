"""What instruments show of a sample and what a cell loses by it: X-ray patterns, Raman bands, mass
curves, resistances.

Shares of phases [wt%] with their compositions and families, and gas taken up [mol/kg] come in; counts against angle,
bands [cm^-1], mass changes [%] and resistances [ohm m^2] go out.
"""
