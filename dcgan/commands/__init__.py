"""The commands of the command line: each takes its arguments and returns an exit code."""
