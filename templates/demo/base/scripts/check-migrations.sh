#!/bin/sh
# Checks the numbering of migrations/: four digits, from 0001 on, without a gap.
set -eu

cd "$(dirname "$0")/.."
expected=1
failed=0

for file in migrations/*.sql; do
    name=$(basename "$file")
    wanted=$(printf '%04d' "$expected")
    case $name in
    "$wanted"_*.sql) ;;
    *)
        echo "$file: expected a migration numbered $wanted" >&2
        failed=1
        ;;
    esac
    expected=$((expected + 1))
done

if [ "$failed" -eq 0 ]; then
    echo "check-migrations: $((expected - 1)) migrations, no gap"
fi
exit "$failed"
