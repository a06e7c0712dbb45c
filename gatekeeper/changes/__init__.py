"""The only room that talks to git: trees, change sets, hunks, blobs."""
