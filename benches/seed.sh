#!/usr/bin/env bash
# Loads two seed nodes with the same crowd, one after the other: `pex`, and CometBFT v0.38 in seed mode.
# Needs Go, as tests/interop does; without it, ours alone. Options are those of the example seed_load:
# seed.sh --hold 1000 --ask 200
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet -p pex-node
cargo build --release --quiet -p pex-node --example seed_load
load=target/release/examples/seed_load

printf '== pex\n'
"$load" "$@"
if command -v go >/dev/null; then
    tests/interop/network.sh build cometbft-v0.38
    printf '\n== CometBFT v0.38 in seed mode\n'
    "$load" --cometbft tests/interop/.build/cometbft-v0.38 "$@"
fi
