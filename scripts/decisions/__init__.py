"""Pure decisions: frozen dataclasses in and out, no boto3, no files, no clock. A test keeps it so."""
