"""What `make demo` plays: a simulated modality, a simulated PACS, and something to send."""
