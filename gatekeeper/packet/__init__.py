"""Work packets: Markdown to values, and lossless edits back."""
