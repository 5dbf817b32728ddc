"""What nature does: data and pure functions, SI floats, no network, no time stepping, no plots.

Data flows one way: database -> Gibbs energies -> equilibria -> rates.  Installed, this folder is ``sinterface.models``.
"""

if __name__ != "sinterface.models":  # a second copy of every class would be loaded under the wrong name
    raise ImportError("import sinterface.models instead of models: the folder is installed under the name sinterface")
