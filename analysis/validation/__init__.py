"""What a result object must satisfy before it is stored."""
