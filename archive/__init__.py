"""What is kept, and in one transaction: tables, ingest, query, retrieve, events, jobs, audit."""
