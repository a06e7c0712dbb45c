"""The lint of statements: what is wrong with a migration's text, and how to write it instead."""
