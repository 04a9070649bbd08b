"""DIMSE out: peers, senders, rules and the delivery queue."""
