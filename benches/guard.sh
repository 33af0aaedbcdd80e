#!/usr/bin/env bash
# Counts the instructions of every operation, and fails if one takes 5 % more than benches/instructions.tsv
# says. With --write the file is made anew, which is for a growth that is wanted: its commit says why.
#
# Counts hold for one compiler and one kind of processor: with another compiler than that of the file
# nothing is compared. Needs valgrind.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."

file=benches/instructions.tsv
compiler="# $(rustc --version | cut -d ' ' -f 1-2), $(uname -m)"

# Rows of a table in Markdown as `name<TAB>count`, a column of it.
column() { awk -F ' *[|] *' -v of="$1" -v at="$2" 'NR > 2 { print of $2 "\t" $at }'; }

counts() {
    benches/instructions.sh | column "" 3
    SIZES=1000 benches/peers.sh | column "peer manager of 1,000: " 3
    benches/count.sh >"$book"
    column "book of 1,000: " 3 <"$book"
    column "book of 10,000: " 4 <"$book"
}

book=$(mktemp)
trap 'rm -f "$book"' EXIT

if [ "${1:-}" = --write ]; then
    now=$(counts)
    printf '%s\n%s\n' "$compiler" "$now" >"$file"
    exit
fi

was=$(head -n 1 "$file")
if [ "$was" != "$compiler" ]; then
    echo "$file was counted with ${was#\# }, and this is ${compiler#\# }: nothing is compared"
    exit
fi
counts | awk -F '\t' '
    NR == FNR { if (FNR > 1) was[$1] = $2; next }
    !($1 in was) { print $1 ": not in the file"; bad = 1; next }
    {
        grown = 100 * ($2 / was[$1] - 1)
        printf "%-60s %12d %12d %+6.1f %%\n", $1, was[$1], $2, grown
        if (grown > 5) bad = 1
        delete was[$1]
    }
    END {
        for (name in was) { print name ": not counted"; bad = 1 }
        if (bad) print "an operation grew by more than 5 %, or came or went: mend it, or run benches/guard.sh --write"
        exit bad
    }' "$file" -
