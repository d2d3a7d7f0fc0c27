"""Colours of charts that plotly draws in Python: to be read on a light and on a dark page."""

WARM, BLUE, STONE = "#CF6F3C", "#5A93BF", "#A39B8F"
RED = "#D62728"  # the cross at the best
