"""What furnaces showed: cards of observations, each checked and with its source.

TOML cards come in; frozen observations in SI units go out.
"""
