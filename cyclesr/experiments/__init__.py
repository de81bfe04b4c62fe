"""Experiments: whole trainings that compare methods, and measurements of them."""
