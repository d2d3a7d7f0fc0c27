"""Files, names, paths and downloads."""
