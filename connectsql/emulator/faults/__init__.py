"""What shall go wrong: faults that are planned before, by a file or over the control route."""
