"""Bricks that translators and SR networks share."""
