"""Analyzers, the runner that executes them, and their results as DICOM objects."""
