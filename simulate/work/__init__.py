"""What the app works out: what its forms ask for, the processes that carry it out, and the same as lines of code.

Texts of a form or an address come in; results go out. No page is made here.
"""
