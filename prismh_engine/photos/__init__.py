"""Finding, opening, judging and caching photos; numpy and Pillow alone."""
