"""The ingest room: a raw table and a mapping become the patient table of the contract."""
