"""What people see: the command line's frame, progress, tables, questions before an irreversible step, the evidence."""
