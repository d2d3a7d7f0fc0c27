"""The command line: arguments, commands, what they print."""
