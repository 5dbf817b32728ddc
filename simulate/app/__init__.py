"""The app in the browser: forms, background work, pages of results and downloads, on this machine alone.

Words of a form and of an address come in; runs in other processes, charts and files to take away go out.
"""
