"""Analyzers, the runner that drives them, and their results as DICOM objects."""
