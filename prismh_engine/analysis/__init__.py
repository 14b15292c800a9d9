"""Arrays in, arrays out: neighbours, maps, groups and scores. No files, no torch."""
