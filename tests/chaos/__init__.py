"""Runs the program for minutes while everything around it breaks, then counts what is lost, twice or wrong."""
