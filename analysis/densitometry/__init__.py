"""Lung densitometry on CT: volume, mean density, LAA-950 and Perc15, with a lung segmentation."""
