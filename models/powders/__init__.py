"""What is put into the furnace: built-in and own powders, sizes of their particles, what air has made of them.

Cards of powders and formulas come in; compositions, structures and sizes go out. Energies are those of ``phases``.
"""
