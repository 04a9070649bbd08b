"""Coded concepts that more than one module uses, meanings spelled as in PS3.16."""

from analysis.findings import Code

# Units of measurement
MILLIMETER = Code("mm", "UCUM", "mm")
MILLILITER = Code("ml", "UCUM", "milliliter")
SQUARE_MILLIMETER = Code("mm2", "UCUM", "square millimeter")
PIXELS = Code("{pixels}", "UCUM", "Pixels")
PERCENT = Code("%", "UCUM", "Percent")
HOUNSFIELD = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
SUV_UNIT = Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight")
RATIO = Code("{ratio}", "UCUM", "ratio")
NO_UNITS = Code("1", "UCUM", "no units")

# Measurements
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
DIAMETER = Code("81827009", "SCT", "Diameter")
LENGTH = Code("410668003", "SCT", "Length")
AREA = Code("42798000", "SCT", "Area")
VOLUME = Code("118565006", "SCT", "Volume")
MEAN_ATTENUATION = Code("112181", "DCM", "Mean Attenuation Coefficient")
SUV_BODY_WEIGHT = Code("126401", "DCM", "SUVbw")

# Derivations
MEAN = Code("373098007", "SCT", "Mean")
MAXIMUM = Code("56851009", "SCT", "Maximum")

# Laterality
RIGHT = Code("24028007", "SCT", "Right")
LEFT = Code("7771000", "SCT", "Left")
BILATERAL = Code("51440002", "SCT", "Bilateral")

# What is segmented, CID 7150
ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Abnormal Structure")
ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")

# Sites
LUNG = Code("39607008", "SCT", "Lung")
UPPER_LOBE = Code("45653009", "SCT", "Upper lobe of lung")
LOWER_LOBE = Code("90572001", "SCT", "Lower lobe of lung")
PLEURA = Code("3120008", "SCT", "Pleura")
HEART = Code("80891009", "SCT", "Heart")
CHEST = Code("816094009", "SCT", "Chest")
BRAIN = Code("12738006", "SCT", "Brain")
FRONTAL_LOBE = Code("83251001", "SCT", "Frontal lobe")
PARIETAL_LOBE = Code("16630005", "SCT", "Parietal lobe")
TEMPORAL_LOBE = Code("78277001", "SCT", "Temporal lobe")
WHITE_MATTER = Code("68523003", "SCT", "Cerebral White Matter")
BREAST = Code("76752008", "SCT", "Breast")
THYROID = Code("69748006", "SCT", "Thyroid")

# Algorithm families, CID 7162
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
HISTOGRAM_ANALYSIS = Code("123105", "DCM", "Histogram Analysis")
