"""HTTP for what DICOM has no service for, the status feed, and the built viewer."""
