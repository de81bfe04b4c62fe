"""Whole trainings that are run to compare methods."""
