"""Frames as pictures: from stored samples to JPEG and PNG (PS3.18 Section 8.3.5, PS3.4 Annex N)."""
