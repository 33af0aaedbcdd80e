#!/usr/bin/env bash
# Puts each fault of this folder into a copy of the sources, and simulates until one seed notices it.
#
#   sim/mutants/run.sh          the sources as they are, and then with each fault
#   sim/mutants/run.sh 04 17    with these only; 00 stands for the sources as they are
#
# SEEDS is how many seeds are tried at most, 200 unless set, from FIRST on: from 30000 unless set, where
# networks have all there is. What is built stays in target/mutants. The
# table goes to standard output. It fails if a fault survives, or if the sources break without one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seeds=${SEEDS:-200}
first=${FIRST:-30000}
target=${MUTANTS_TARGET:-$root/target/mutants}
sources=$target/sources
export CARGO_TARGET_DIR=$target CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_LTO=off
# The copy lies within a repository, which is not to be meant.
export GIT_CEILING_DIRECTORIES=$target

copy() {
    rm -rf "$sources"
    mkdir -p "$sources"
    (cd "$root" && git ls-files -z --cached --others --exclude-standard |
        tar --null --files-from - --ignore-failed-read --create) | tar --extract --directory "$sources"
}

# Builds the copy, runs it and prints a line of the table; whether it was as it should be.
row() {
    local number=$1 name=$2 breaks=$3 expected=$4 outcome seed invariant
    if ! (cd "$sources" && cargo build --release --locked --package pex-sim --example swarm \
        --config 'profile.release.package.pex.codegen-units=16') >"$target/$number.build" 2>&1; then
        echo "| $number | $name | $breaks | does not compile: see $target/$number.build | | |"
        return 1
    fi
    outcome=$("$target/release/examples/swarm" --until-broken "$seeds" "$first" 2>"$target/$number.run" |
        tail -n 1) || true
    if [[ $outcome != "seed "* && $outcome != "$seeds seeds broke nothing"* ]]; then
        echo "| $number | $name | $breaks | did not run to its end: see $target/$number.run | | |"
        return 1
    fi
    seed=$(sed -nE 's/^seed ([0-9]+): .*/\1/p' <<<"$outcome")
    invariant=$(sed -nE 's/.*invariant: ([0-9]+), .*/\1/p' <<<"$outcome")
    if [[ -z $seed ]]; then
        [[ $number = 00 ]] && seed=holds || seed='**SURVIVED**'
        echo "| $number | $name | $breaks | $seed | | $seeds |"
        [[ $number = 00 ]]
        return
    fi
    [[ -n $invariant ]] && invariant="$invariant" || invariant=panic
    [[ $invariant = "$expected" ]] || invariant="$invariant, not $expected"
    echo "| $number | $name | $breaks | $seed | $invariant | $((seed - first + 1)) |"
    echo "$number $outcome" >>"$target/outcomes"
    [[ $number != 00 ]]
}

wanted() {
    local number=$1
    shift
    [[ $# -eq 0 || " $* " == *" $number "* ]]
}

for number; do
    if [[ $number != 00 ]] && ! compgen -G "$here/$number-*.patch" >/dev/null; then
        echo "run.sh: there is no mutant $number; their numbers have two digits" >&2
        exit 2
    fi
done
copy
: >"$target/outcomes"
failed=0
echo '| | mutant | what it breaks | seed | invariant | seeds needed |'
echo '|---|---|---|---|---|---|'
if wanted 00 "$@"; then
    row 00 'none' '' '' || failed=1
fi
for patch in "$here"/[0-9][0-9]-*.patch; do
    file=$(basename "$patch" .patch)
    number=${file%%-*}
    wanted "$number" "$@" || continue
    breaks=$(sed -n 's/^Breaks: //p' "$patch")
    expected=$(sed -nE 's/^Noticed by: invariant ([0-9]+).*/\1/p' "$patch")
    (cd "$sources" && git apply "$patch")
    row "$number" "${file#*-}" "$breaks" "$expected" || failed=1
    (cd "$sources" && git apply --reverse "$patch")
done
exit "$failed"
