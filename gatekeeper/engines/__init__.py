"""The database engines: connect, run, look into the catalog; the embedded server has files of its own."""
