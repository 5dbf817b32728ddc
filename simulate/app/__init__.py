"""The app in the browser: its pages, what they show of an answer, files to take away, and the server.

Forms and results of ``work`` come in; pages and downloads go out, on this machine alone.
"""
