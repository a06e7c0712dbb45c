# Recipes for the day, and the names that work packets call.

python := env("GATE_PYTHON", "python3")
bin := ".venv/bin"

# Show the recipes
default:
    @just --list

# Make the environment
setup:
    {{python}} -m venv .venv
    {{bin}}/python -m pip install --quiet --editable '.[dev]'

# Run the tests
test *arguments:
    {{bin}}/python -m pytest {{arguments}}

# Lint, types and the rooms' import rules
lint:
    {{bin}}/ruff check
    {{bin}}/ruff format --check
    {{bin}}/mypy
    {{bin}}/lint-imports

# Compile the audit's own rules, after one was changed
rules:
    {{bin}}/python -m gatekeeper.audit.shipped

# Measure
bench:
    {{bin}}/python benchmarks/manifest.py
    {{bin}}/python benchmarks/startup.py

# Gate a real change in a made repository
demo *directory:
    {{bin}}/gate demo {{directory}}

# Remove what was made
clean:
    rm -rf .venv build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# May work on this packet start?
pre-work wp-id:
    {{bin}}/gate pre-work {{wp-id}}

# Is the work on this packet proven?
post-work wp-id *arguments:
    {{bin}}/gate post-work {{wp-id}} {{arguments}}

# The SHA1 values of files, and which to record
cor701-sha +files:
    {{bin}}/gate sha {{files}}

# The audit of the data access layer
validator-dal-audit *arguments:
    {{bin}}/gate audit dal {{arguments}}

# The audit of the sources' hygiene
validator-hygiene-full *arguments:
    {{bin}}/gate audit hygiene {{arguments}}

# What CI asks: every packet and every changed file since main
check *arguments:
    {{bin}}/gate check {{arguments}}
