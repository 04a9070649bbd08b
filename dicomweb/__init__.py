"""DICOMweb (PS3.18): QIDO-RS, WADO-RS, STOW-RS over the same archive as DIMSE."""
