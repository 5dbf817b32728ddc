"""Predictions against observations: measures, thermogravimetry, data against measurement, predictions on record.

Observations and parameters come in; scores and tables go out.
"""
