#!/bin/sh
# Prints the instructions of what the address book does most, by the size of the book, each the mean
# of a round. Needs valgrind.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "install valgrind to count instructions" >&2; exit 1; }

binary=${BINARY:-$(cargo bench -p pex --bench book --no-run 2>&1 |
    sed -n 's/.*Executable.*(\(.*\))/\1/p')}
[ -x "$binary" ] || { echo "the bench does not build: run cargo bench --no-run" >&2; exit 1; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

count() {
    valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*book::measured*' \
        --callgrind-out-file="$out/callgrind" "$binary" "$1" "$2" "$3" >/dev/null 2>"$out/log" ||
        { cat "$out/log" >&2; exit 1; }
    total=$(sed -n 's/^summary: *//p;s/^totals: *//p' "$out/callgrind" | tail -n 1)
    printf ' %s |' "$((total / $3))"
}

printf '| operation | 1,000 | 10,000 |\n|---|---:|---:|\n'
while read -r few many name; do
    printf '| %s |' "$name"
    count "$name" 1000 "$few"
    count "$name" 10000 "$many"
    printf '\n'
done <<END
1000 10000 add, into an empty book up to n
250 2500 add, fresh, to a book of n
1000 10000 add, known, same source
1000 1000 pick, bias 30
100 100 selection
100 100 selection, bias 30
1000 10000 good, of new addresses
END
