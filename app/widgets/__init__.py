"""Widgets, each usable and tested alone."""
