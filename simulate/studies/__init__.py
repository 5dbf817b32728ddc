"""Many runs for one question: sweeps, samples of what is uncertain, comparison and choice of schedules.

A problem and a range come in; tables over runs go out.
"""
