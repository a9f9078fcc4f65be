"""Runs the program for minutes while everything around it breaks, then counts what is lost, twice or wrong."""

SIZE = 3  # Brokers in the cluster, and nodes in the other.
