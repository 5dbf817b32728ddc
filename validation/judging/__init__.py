"""What a set of parameters predicts for each observed firing, and how probable that makes what was observed.

Parameter sets and observations come in; predictions and likelihoods go out, and the pool keeps them.
"""
