"""The generator in the browser: its weights as one file, and the program that runs them there."""
