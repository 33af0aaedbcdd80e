#!/usr/bin/env bash
# Runs `pex` against networks of Go nodes. Usage: run.sh <path-to-pex-binary> [family...]
# One line a check; the exit code is 1 if any failed. README.md here says what each proves.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly NODES=5
readonly BASE_PORT=${INTEROP_PORT:-27100}
readonly MAX_TIME=60
# What a node of ours needs to end, and much more.
readonly STOP_SECONDS=20

if (($# == 0)); then
    echo "usage: run.sh <path-to-pex-binary> [family...]" >&2
    exit 2
fi
if ! command -v go >/dev/null; then
    echo "interop: not run: no Go toolchain (install Go or Debian's golang)"
    if [[ ${CI:-} == true ]]; then exit 1; fi
    exit 0
fi
[[ -x $1 ]] || {
    echo "run.sh: no program at $1; build it with: cargo build --release -p pex-node" >&2
    exit 2
}
PEX=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
if (($#)); then families=("$@"); else mapfile -t families < <("$HERE/network.sh" families); fi

WORK=$(mktemp -d)
server=''
failures=0

# Fails unless ours ends, and in peace, when it is told to.
stop_server() {
    local pid=$server looks status=0
    server=''
    if [[ -z $pid ]]; then return 0; fi
    kill -TERM "$pid" 2>/dev/null || true
    for ((looks = 0; looks < STOP_SECONDS * 10; looks++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    if kill -KILL "$pid" 2>/dev/null; then echo "ours goes on, $STOP_SECONDS s after SIGTERM"; fi
    wait "$pid" 2>/dev/null || status=$?
    if ((status)); then echo "ours ended with $status"; fi
    return "$status"
}

tear_down() {
    local pids
    stop_server || true
    for pids in "$WORK"/*/pids; do
        if [[ -f $pids ]]; then "$HERE/network.sh" down "$(dirname "$pids")" || true; fi
    done
    if ((failures == 0)); then rm -rf "$WORK"; else echo "interop: logs are in $WORK"; fi
}
trap tear_down EXIT
trap 'failures=1; exit 130' INT TERM

milliseconds() {
    local now=${EPOCHREALTIME/[.,]/}
    echo $((now / 1000))
}

# $1 family, $2 what is checked, $3 function; the rest are its arguments. What the function prints is
# shown if it fails.
check() {
    local family=$1 what=$2 began ended said verdict=PASS
    shift 2
    began=$(milliseconds)
    if ! said=$("$@" 2>&1); then
        verdict=FAIL
        failures=$((failures + 1))
    fi
    ended=$(($(milliseconds) - began))
    printf '%s %s: %s (%d.%d s)\n' "$verdict" "$family" "$what" $((ended / 1000)) $((ended % 1000 / 100))
    if [[ $verdict == FAIL ]]; then
        printf '    %s\n' "${said//$'\n'/$'\n'    }"
        return 1
    fi
}

# Prints "id host:port" for each node of the network in $1.
nodes_of() {
    sed -nE 's/.*"id":"([0-9a-f]{40})","addr":"([^"]*)".*/\1 \2/p' "$1/nodes.json"
}

# $1 family, $2 network
crawl_finds_all() {
    local id addr line missing=0 hub reachable
    read -r id addr < <(nodes_of "$2")
    hub=$id@$addr
    if ! timeout $((MAX_TIME + 20)) "$PEX" crawl --seed "$hub" --chain-id "$(cat "$2/chain-id")" \
        --json --max-time ${MAX_TIME}s >"$2/crawl.json" 2>"$2/crawl.err"; then
        echo "pex crawl ended with an error:"
        tail -n 5 "$2/crawl.err"
        return 1
    fi
    while read -r id addr; do
        line=$(grep -E "\"id\": *\"$id\"" "$2/crawl.json" | head -n 1)
        if [[ -z $line ]]; then
            echo "$id at $addr was not found"
        elif ! grep -qF "$addr" <<<"$line" || ! grep -qE '"reachable": *true' <<<"$line" ||
            ! grep -qE "\"version\": *\"$("$HERE/network.sh" version "$1")\"" <<<"$line"; then
            echo "not reachable at $addr with the version of its family: $line"
        else
            continue
        fi
        missing=1
    done < <(nodes_of "$2")
    reachable=$(grep -cE '"reachable": *true' "$2/crawl.json" || true)
    if ((reachable != NODES)); then
        echo "$reachable nodes are said to be reachable, not $NODES"
        missing=1
    fi
    return $missing
}

# Starts ours, which knows the nodes of the network in $1, on port $2; its id@host:port goes to $1/ours.
start_server() {
    local id addr tries known=()
    while read -r id addr; do known+=(--known "$id@$addr"); done < <(nodes_of "$1")
    : >"$1/serve.out"
    "$PEX" serve --listen "127.0.0.1:$2" --chain-id "$(cat "$1/chain-id")" "${known[@]}" \
        >>"$1/serve.out" 2>"$1/serve.err" &
    server=$!
    for ((tries = 0; tries < 100; tries++)); do
        if sed -nE 's/^listening on ([0-9a-f]{40}@[0-9.]+:[0-9]+).*/\1/p' "$1/serve.out" >"$1/ours" &&
            [[ -s $1/ours ]]; then
            return 0
        fi
        sleep 0.1
    done
    return 1
}

# $1 family, $2 network, $3 directory for the node, $4 scheme of our address, $5 port
go_node_learns_all() {
    local id addr missing=0
    [[ -s $2/ours ]] || {
        echo "pex serve did not print 'listening on id@host:port':"
        tail -n 5 "$2/serve.err"
        return 1
    }
    "$HERE/network.sh" join "$1" "$3" "$4$(cat "$2/ours")" "$5" || return 1
    "$HERE/network.sh" learned "$3" >"$3/learned" || missing=1
    "$HERE/network.sh" down "$3"
    while read -r id addr; do
        grep -qxF "$id" "$3/learned" || {
            echo "the Go node did not learn $id at $addr"
            missing=1
        }
    done < <(nodes_of "$2")
    return $missing
}

# $1 network. Every node of it stands in the peer store that node 0 keeps; the store is not changed.
imports_the_peer_store() {
    local folder id addr before missing=0
    folder=$(find "$1" -type d -name peerstore.db | sort | head -n 1)
    [[ -n $folder ]] || {
        echo "the Go nodes keep no peerstore.db under $1"
        return 1
    }
    before=$(cat "$folder"/*.ldb "$folder"/*.log "$folder"/MANIFEST* 2>/dev/null | cksum)
    "$PEX" peers import "$1/peers.pex" "$folder" || return 1
    "$PEX" peers check "$1/peers.pex" || return 1
    "$PEX" peers export "$1/peers.pex" >"$1/peers.jsonl"
    while read -r id addr; do
        # A node is not in its own store.
        if ! grep -qF "$id@$addr" "$1/peers.jsonl" && [[ $folder != *"${id}"* ]]; then
            missing=$((missing + 1))
        fi
    done < <(nodes_of "$1")
    if ((missing > 1)); then
        echo "$missing of $NODES nodes are not in the store:"
        cat "$1/peers.jsonl"
        return 1
    fi
    [[ $before == "$(cat "$folder"/*.ldb "$folder"/*.log "$folder"/MANIFEST* 2>/dev/null | cksum)" ]] || {
        echo "the import has changed $folder"
        return 1
    }
}

# $1 log of a pex node, $2 how many outbound peers it should have by its last word
has_outbound() {
    local tries said
    for ((tries = 0; tries < 400; tries++)); do
        said=$(sed -nE 's/^([^ ]+ +[A-Z]+ +)?peers ([0-9]+) of [0-9]+ outbound.*/\2/p' "$1" | tail -n 1)
        if [[ $said == "$2" ]]; then return 0; fi
        sleep 0.1
    done
    echo "it has ${said:-no} outbound peers, not $2:"
    tail -n 20 "$1"
    return 1
}

# $1 network, $2 port. A node of ours that knows node 0 alone gets the peers it is told to have, keeps as
# many when one of them dies, and knows them again after a restart without anybody to ask.
node_keeps_its_peers() {
    local id addr victim pid verdict=0
    read -r id addr < <(nodes_of "$1")
    start_node "$1" "$2" --seeds "$id@$addr"
    if has_outbound "$1/node.err" 3; then
        # The last of them that is not node 0.
        victim=$(sed -nE 's/^.* up [0-9a-f]{40} at .*\((node[1-9])\)$/\1/p' "$1/node.err" | tail -n 1)
        pid=$(sed -nE "s|^([0-9]+) .*/$victim$|\1|p" "$1/pids")
        kill "$pid"
        sleep 1
        grep -qE '^[^ ]+ +[A-Z]+ +down ' "$1/node.err" || verdict=1
        has_outbound "$1/node.err" 3 || verdict=1
    else
        verdict=1
    fi
    stop_server || verdict=1
    "$PEX" book check --lax "$1/addrbook.json" || verdict=1
    start_node "$1" "$2"
    has_outbound "$1/node.err" 3 || verdict=1
    stop_server || verdict=1
    return $verdict
}

# $1 network, $2 port; the rest are options
start_node() {
    local network=$1 port=$2
    shift 2
    # Emptied here, and not by what runs beside this: nobody is to read the words of the node before it.
    : >"$network/node.err"
    "$PEX" node --listen "127.0.0.1:$port" --chain-id "$(cat "$network/chain-id")" --lax \
        --allow-duplicate-ip --max-num-outbound-peers 3 --node-key "$network/node_key.json" \
        --book "$network/addrbook.json" "$@" >"$network/node.out" 2>>"$network/node.err" &
    server=$!
}

# $1 family, $2 directory, $3 first of seven ports. Three validators that know nobody but a seed of ours,
# which knows nobody and has the settings that pex init writes, make blocks.
a_chain_forms_around_our_seed() {
    local family=$1 dir=$2 port=$3 tries verdict=0
    mkdir "$dir"
    "$PEX" init --home "$dir/seed" --chain-id "$("$HERE/network.sh" chain-id "$family")" \
        --addr-book-strict=false || return 1
    "$PEX" seed --home "$dir/seed" --listen "127.0.0.1:$port" --log-level debug \
        >"$dir/seed.out" 2>"$dir/seed.err" &
    server=$!
    for ((tries = 0; tries < 100; tries++)); do
        if grep -q '^listening on ' "$dir/seed.out"; then break; fi
        sleep 0.1
    done
    "$HERE/network.sh" chain "$family" 3 "$dir/chain" "$(sed -nE 's/^listening on //p' "$dir/seed.out")" \
        $((port + 1)) || verdict=1
    "$HERE/network.sh" down "$dir/chain"
    stop_server || verdict=1
    if ((verdict)); then tail -n 20 "$dir/seed.err"; fi
    return $verdict
}

# $1 how many addresses the Go code is to write. Every entry of its book is read here, and every entry of
# the book that is written here is read there.
book_goes_both_ways() {
    local dir=$WORK/book-$1 written ours read again
    mkdir "$dir"
    written=$("$WORK/gobook" write -lax "$1" 1 "$dir/go.json") || return 1
    "$PEX" book check --lax "$dir/go.json" >"$dir/check" || {
        head -n 5 "$dir/check"
        return 1
    }
    cp "$dir/go.json" "$dir/ours.json"
    "$PEX" book add --lax "$dir/ours.json" 00112233445566778899aabbccddeeff00112233@11.22.33.44:55 || return 1
    cmp -s "$dir/go.json" "$dir/ours.json" && return 1
    read=$("$WORK/gobook" read -lax "$dir/ours.json" "$dir/again.json") || {
        echo "Go does not read our book: $read"
        return 1
    }
    again=$("$PEX" book show --json "$dir/again.json" | grep -c '"address"')
    written=$(sed -E 's/.*"size":([0-9]+).*/\1/' <<<"$written")
    ours=$(sed -E 's/^\{"size":([0-9]+).*/\1/' <<<"${read:0:40}")
    if ((ours != written + 1 || again != ours)); then
        echo "Go wrote $written, read $ours of ours with one more, and we read $again of that"
        return 1
    fi
}

# $1 family, $2 first of its ports
run_family() {
    local family=$1 port=$2 network=$WORK/$1
    check "$family" "$NODES Go nodes run and node 0 knows all" \
        "$HERE/network.sh" up "$family" $NODES "$network" "$port" || return 0
    check "$family" "pex crawl finds all from one seed" crawl_finds_all "$family" "$network" || true

    start_server "$network" $((port + 80)) || true
    check "$family" "a Go node learns all from pex serve, V1 messages" \
        go_node_learns_all "$family" "$network" "$network-v1" '' $((port + 90)) || true
    if [[ $family == tendermint-v0.35 ]]; then
        check "$family" "a Go node learns all from pex serve, V2 messages" \
            go_node_learns_all "$family" "$network" "$network-v2" 'tcp://' $((port + 92)) || true
    fi
    stop_server || failures=$((failures + 1))
    if [[ $family != tendermint-v0.35 ]]; then
        check "$family" "pex node gets its peers, keeps them, and knows them after a restart" \
            node_keeps_its_peers "$network" $((port + 94)) || true
    fi
    "$HERE/network.sh" down "$network"
    if [[ $family == cometbft-v0.38 ]]; then
        check "$family" "three validators that know only our seed find each other and make blocks" \
            a_chain_forms_around_our_seed "$family" "$network-seed" $((port + 20)) || true
    fi
    if [[ $family == tendermint-v0.35 ]]; then
        check "$family" "pex peers imports the peer store of a Go node" \
            imports_the_peer_store "$network" || true
    fi
}

check build "${families[*]}" "$HERE/network.sh" build "${families[@]}" || exit 1
build_gobook() {
    (cd "$HERE/book" && CGO_ENABLED=0 go build -mod=readonly -trimpath -o "$WORK/gobook" .)
}
check build "the reference's address book" build_gobook || exit 1
for size in 10 1000 10000; do
    check book "a book of $size goes from Go to us, and from us to Go" book_goes_both_ways $size || true
done
next=$BASE_PORT
for family in "${families[@]}"; do
    run_family "$family" "$next"
    next=$((next + 100))
done
if ((failures)); then exit 1; fi
