"""Source rules as data, and the engine that runs them on any tree."""
