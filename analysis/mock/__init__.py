"""Mock analyzers: plausible results out of a catalogue, for trying out everything around a model.

Every object that they cause says that it is a mock and not for clinical use.
"""
