#!/usr/bin/env bash
# The exchange and the peer manager beside those of Tendermint v0.35.9, in one run: the reference's code
# is built and timed by tests/interop/exchange, ours by `cargo bench`, on the same machine, one after the
# other. Without Go, ours alone. Takes some five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v go >/dev/null; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd tests/interop/exchange && CGO_ENABLED=0 go build -mod=readonly -o "$work/goexchange" .)
    "$work/goexchange" exchange >"$work/figures"
    for nodes in 1000 100000; do
        "$work/goexchange" peers "$nodes"
    done >>"$work/figures"
    export GO_FIGURES=$work/figures
fi
cargo bench --bench exchange
cargo bench --bench peers
