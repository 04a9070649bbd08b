"""Settings and the declarative parts of the configuration: data, no I/O but loading."""
