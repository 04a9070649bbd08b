"""Files that people bring by browser: streamed to the spool, ZIPs opened within limits."""
