"""The page of a validation: its figures and its text.

The document of ``validate`` comes in; one offline HTML page goes out.
"""
