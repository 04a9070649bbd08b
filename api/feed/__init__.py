"""The status feed: the event log read once for each process, and fanned out to its WebSockets."""
