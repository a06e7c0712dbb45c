#!/bin/sh
# Checks migrations/: ups numbered with four digits, from 0001 on, without a gap, each with its down, and no
# down without an up.
set -eu

cd "$(dirname "$0")/.."
expected=1
failed=0

complain() {
    echo "$1" >&2
    failed=1
}

for file in migrations/*.sql; do
    name=$(basename "$file")
    case $name in
    *.down.sql)
        [ -f "${file%.down.sql}.sql" ] || complain "$file: no up migration of that name"
        continue
        ;;
    esac
    wanted=$(printf '%04d' "$expected")
    case $name in
    "$wanted"_*.sql) ;;
    *) complain "$file: expected a migration numbered $wanted" ;;
    esac
    [ -f "${file%.sql}.down.sql" ] || complain "$file: no down migration (expected ${file%.sql}.down.sql)"
    expected=$((expected + 1))
done

if [ "$failed" -eq 0 ]; then
    echo "check-migrations: $((expected - 1)) migrations, no gap, every one with its down"
fi
exit "$failed"
