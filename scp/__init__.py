"""DIMSE in: listener, upper layer, admission, and the DIMSE services that the node provides."""
