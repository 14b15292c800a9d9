"""The steps: files in, files out, one module each."""
