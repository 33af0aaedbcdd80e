#!/usr/bin/env bash
# The address book beside the reference's own, in one run: CometBFT's code is built and timed by
# tests/interop/book, ours by `cargo bench --bench book`, on the same machine, one after the other.
# Without Go, ours alone.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v go >/dev/null; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd tests/interop/book && CGO_ENABLED=0 go build -mod=readonly -o "$work/gobook" .)
    for size in 1000 10000; do
        "$work/gobook" bench "$size"
    done >"$work/times"
    export GO_FIGURES=$work/times
fi
cargo bench --bench book
