"""Who called, and what each attempt came to: one record, and those who listen to it."""
