"""Works the models out in time and space and talks to people.  Installed, this folder is ``sinterface.simulate``."""

if __name__ != "sinterface.simulate":  # a second copy of every class would be loaded under the wrong name
    raise ImportError(
        "import sinterface.simulate instead of simulate: the folder is installed under the name sinterface"
    )
