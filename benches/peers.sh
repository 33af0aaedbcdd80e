#!/bin/sh
# Prints the instructions of each operation of the peer manager, by the number of nodes that it
# knows. Needs valgrind, and some ten minutes for a million nodes: SIZES="1000 100000" is quicker.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "install valgrind to count instructions" >&2; exit 1; }

times=${TIMES:-1000}
sizes=${SIZES:-1000 100000 1000000}
binary=$(cargo bench -p pex --bench peers --no-run 2>&1 |
    sed -n 's/.*Executable.*(\(.*\))/\1/p')
[ -x "$binary" ] || { echo "the bench does not build: run cargo bench --no-run" >&2; exit 1; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

printf '| operation |'
for size in $sizes; do printf ' %s nodes |' "$size"; done
printf '\n|---|'
for size in $sizes; do printf -- '---:|'; done
printf '\n'
"$binary" list | while read -r name; do
    printf '| %s |' "$name"
    for size in $sizes; do
        valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*peers::measured*' \
            --callgrind-out-file="$out/callgrind" "$binary" "$name" "$size" "$times" \
            >/dev/null 2>"$out/log" || { cat "$out/log" >&2; exit 1; }
        total=$(sed -n 's/^summary: *//p;s/^totals: *//p' "$out/callgrind" | tail -n 1)
        printf ' %s |' "$((total / times))"
    done
    printf '\n'
done
