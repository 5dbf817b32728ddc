"""Offline HTML pages and their interactive charts, and the reader of stored results that they are made from.

Results and stored files come in; HTML that loads nothing goes out. Nothing is computed here that results do not hold.
"""
