"""What people look at: figures, interactive charts and offline pages.

Results and stored files come in; pictures and HTML go out. Nothing is computed here that a result does not hold.
"""
