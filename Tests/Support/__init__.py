"""What the suites in Python share: a scratch folder with its processes, a hub, devices, the lab, an environment with a package."""
