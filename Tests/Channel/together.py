"""With a real hub, where it knows of device channels."""
CASES = []
