"""A run: its folder and files, and how it is ordered, started, steered, forked and taken up."""
