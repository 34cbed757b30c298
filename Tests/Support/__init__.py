"""What the suites in Python share: a scratch folder with its processes, a stage, what is told of checks, a hub, devices, the lab, an environment with a package."""
