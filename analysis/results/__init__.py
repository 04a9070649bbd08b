"""Results as DICOM objects: structured reports (PS3.16 TID 1500) and segmentations, from typed results."""
