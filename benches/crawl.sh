#!/usr/bin/env bash
# Maps one network twice: with `pex crawl`, and with a CometBFT v0.38 node in seed mode, and prints
# both in one table. Needs Go, as tests/interop does. Usage: crawl.sh [path-to-pex] [nodes]
# LIMIT: how many seconds the CometBFT node gets (300). KEEP: where to leave the files.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$HERE")
PEX=${1:-$ROOT/target/release/pex}
NODES=${2:-1000}
LIMIT=${LIMIT:-300}
GO=$ROOT/tests/interop/.build/cometbft-v0.38
RPC=${RPC_PORT:-27391}
P2P=$((RPC + 1))

[[ -x $PEX ]] || { echo "crawl.sh: no program at $PEX; build it with: cargo build --release -p pex-node" >&2; exit 2; }
"$ROOT/tests/interop/network.sh" build cometbft-v0.38 >&2

DIR=$(mktemp -d)
pids=()
end() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    if [[ -n ${KEEP:-} ]]; then cp -r "$DIR" "$KEEP"; fi
    rm -rf "$DIR"
}
trap end EXIT

# The node makes a chain of its own; the network is of that chain.
"$GO" init --home "$DIR/home" >"$DIR/init.log" 2>&1
CHAIN=$(sed -n 's/.*"chain_id": *"\([^"]*\)".*/\1/p' "$DIR/home/config/genesis.json")

# Each at an address in one of 250 networks: a CometBFT node keeps few addresses of one network.
"$PEX" testnet --nodes "$NODES" --hosts 250 --chain-id "$CHAIN" >"$DIR/net" &
pids+=($!)
until grep -q serve "$DIR/net"; do
    kill -0 "${pids[0]}" 2>/dev/null || { echo "crawl.sh: the network did not start; is $PEX built from this tree?" >&2; exit 1; }
    sleep 0.1
done
SEED=$(sed -n 's/^listening on //p' "$DIR/net")

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

began=$(now)
"$PEX" crawl --chain-id "$CHAIN" --seed "$SEED" --json "$DIR/pex.json" >/dev/null
pex_took=$(since "$began")
summary() { sed -n '$ s/.*"'"$1"'":\([0-9]*\).*/\1/p' "$DIR/pex.json"; }
pex_found=$(summary nodes)
pex_reached=$(summary reachable)

set_option() { sed -i "s|^$1 = .*|$1 = $2|" "$DIR/home/config/config.toml"; }
set_option proxy_app '"noop"'
set_option seed_mode true
set_option addr_book_strict false
set_option allow_duplicate_ip true
set_option seeds "\"$SEED\""
set_option create_empty_blocks false
set_option log_level '"p2p:debug,pex:debug,*:error"'
set_option unsafe true
sed -i "s|tcp://127.0.0.1:26657|tcp://127.0.0.1:$RPC|; s|tcp://0.0.0.0:26656|tcp://127.0.0.1:$P2P|" "$DIR/home/config/config.toml"

began=$(now)
"$GO" start --home "$DIR/home" >"$DIR/log" 2>&1 &
pids+=($!)

# It writes its book every two minutes, and when it is told over RPC to dial.
write_book() {
    {
        printf 'GET /dial_peers?peers=%%5B%%22%s%%22%%5D HTTP/1.0\r\n\r\n' "$SEED" >&3
        cat <&3 >/dev/null
    } 3<>"/dev/tcp/127.0.0.1/$RPC"
}
known() {
    write_book 2>/dev/null || true
    [[ -f $DIR/home/config/addrbook.json ]] || { echo 0; return; }
    awk '/"addr": *\{/ { addr = 1 } /"src": *\{/ { addr = 0 }
         addr && /"id":/ { gsub(/[",]/, ""); if (!seen[$2]++) n++ } END { print n + 0 }' \
        "$DIR/home/config/addrbook.json"
}
dialed() { # Those whom it has tried to dial, by its log.
    { grep -ao 'Dialing peer.*address=[^ ]*' "$DIR/log" | grep -o '[0-9a-f]\{40\}@' || true; } | sort -u | wc -l
}

same_known=''
all_took=''
while :; do
    took=$(since "$began")
    count=$(known)
    if [[ -z $same_known ]] && awk -v a="$took" -v b="$pex_took" 'BEGIN { exit !(a >= b) }'; then
        same_known=$count
        same_dialed=$(dialed)
        same_took=$took
    fi
    if ((count * 100 >= NODES * 99)); then all_took=$took; break; fi
    if awk -v a="$took" -v b="$LIMIT" 'BEGIN { exit !(a >= b) }'; then break; fi
    sleep 1
done
last_took=$(since "$began")

printf '\nA network of %s nodes, crawled from one of them:\n\n' "$NODES"
printf '| crawler | after | nodes known | nodes dialed or reached |\n|---|---:|---:|---:|\n'
printf '| pex crawl, at its end | %s s | %s | %s |\n' "$pex_took" "$pex_found" "$pex_reached"
if [[ -n $same_known ]]; then
    printf '| CometBFT v0.38 in seed mode | %s s | %s | %s |\n' "$same_took" "$same_known" "$same_dialed"
fi
printf '| CometBFT v0.38 in seed mode | %s s | %s | %s |\n' "$last_took" "$count" "$(dialed)"
if [[ -n $all_took ]]; then
    printf '\nCometBFT knew 99 %% of the nodes after %s s.\n' "$all_took"
else
    printf '\nCometBFT did not know 99 %% of the nodes within %s s.\n' "$LIMIT"
fi
[[ $pex_reached -eq $NODES ]]
