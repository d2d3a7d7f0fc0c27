"""Colours of charts that plotly draws in Python: to be read on a light and on a dark page."""

WARM, BLUE, STONE = "#CF6F3C", "#5A93BF", "#A39B8F"
RED = "#D62728"  # the cross at the best
# several runs side by side, each beside its name; BLUE stays that of real pictures
RUNS = ("#CF6F3C", "#2B8A62", "#B83184", "#7A5BC4", "#8F8A00", "#96502F", "#C9758F", "#6F7F86")
