#!/bin/sh
# Prints the instructions of each operation, beside what Go takes for it. Needs valgrind.
#
# Each operation runs a hundred times on state of its own that is prepared outside of the count; the
# count is the mean. It depends on the compiler and the processor's kind, and on nothing else.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "install valgrind to count instructions" >&2; exit 1; }

times=${TIMES:-100}
binary=$(cargo bench -p pex --bench instructions --no-run 2>&1 |
    sed -n 's/.*Executable.*(\(.*\))/\1/p')
[ -x "$binary" ] || { echo "the bench does not build: run cargo bench --no-run" >&2; exit 1; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

printf '| operation | instructions | Go, ns | goal, ns |\n|---|---:|---:|---:|\n'
"$binary" | while IFS="$(printf '\t')" read -r name go goal; do
    valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*instructions::measured*' \
        --callgrind-out-file="$out/callgrind" "$binary" "$name" "$times" >/dev/null 2>"$out/log" ||
        { cat "$out/log" >&2; exit 1; }
    total=$(sed -n 's/^summary: *//p;s/^totals: *//p' "$out/callgrind" | tail -n 1)
    printf '| %s | %s | %s | %s |\n' "$name" "$((total / times))" "$go" "$goal"
done
