"""What is watched while a run trains: diagnostics, alarms, its distance to real pictures."""
