"""Says how wrong the predictions were.  Installed, this folder is ``sinterface.validation``."""

if __name__ != "sinterface.validation":  # a second copy of every class would be loaded under the wrong name
    raise ImportError(
        "import sinterface.validation instead of validation: the folder is installed under the name sinterface"
    )
