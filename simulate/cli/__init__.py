"""The command line: options, messages and tables of the terminal.

Words of the user come in; calls of the other rooms, printed tables and exit codes go out.
"""
