#!/usr/bin/env bash
# Builds, starts and stops networks of Go nodes on loopback. README.md here says what each is for.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=$HERE/.build
FAMILIES=(cometbft-v0.38 tendermint-v0.34 tendermint-v0.35)

# Long enough for two slow cores; a healthy network needs a few seconds.
readonly READY_SECONDS=45
readonly STOP_SECONDS=10
# A node that has asked a seed in vain asks again after 30 s, and may do so twice.
readonly CHAIN_SECONDS=120
# What a node needs, and much more, from the first line about an answer to its last address.
readonly ONE_ANSWER=0.5

usage() {
    cat >&2 <<'USAGE'
usage: network.sh families                                  names of the families
       network.sh chain-id <family>                         chain id of its networks
       network.sh version <family>                          version its nodes put in NodeInfo
       network.sh build [family...]                         build the Go nodes
       network.sh up <family> <nodes> <dir> [base-port]     start a network, wait until node 0 knows it
       network.sh join <family> <dir> <peer> [port]         start one Go node that knows only <peer>
       network.sh learned <dir>                             ids that <peer> told the joined node
       network.sh chain <family> <nodes> <dir> <seed> [base-port]
                                                            start validators that know only <seed>, wait until
                                                            each knows all and they make blocks; V1 families
       network.sh down <dir>                                stop what up, join or chain started in <dir>
<peer> and <seed> are id@host:port. For tendermint-v0.35, tcp://id@host:port makes the node ask in V2 messages,
and id@host:port in V1 messages.
USAGE
    exit 2
}

die() {
    echo "network.sh: $*" >&2
    exit 1
}

# ---------------------------------------------------------------- families

package_of() {
    case $1 in
    cometbft-v0.38) echo github.com/cometbft/cometbft/cmd/cometbft ;;
    tendermint-v0.34 | tendermint-v0.35) echo github.com/tendermint/tendermint/cmd/tendermint ;;
    *) die "no family '$1'; there are: ${FAMILIES[*]}" ;;
    esac
}

chain_id_of() {
    package_of "$1" >/dev/null
    echo "pex-interop-${1//./-}"
}

# What the nodes call themselves. The tag v0.35.9 was cut with the constant of v0.35.8 in it.
version_of() {
    package_of "$1" >/dev/null
    case $1 in
    cometbft-v0.38) echo 0.38.17 ;;
    tendermint-v0.34) echo 0.34.24 ;;
    tendermint-v0.35) echo 0.35.8 ;;
    esac
}

default_port_of() {
    package_of "$1" >/dev/null
    case $1 in
    cometbft-v0.38) echo 27100 ;;
    tendermint-v0.34) echo 27200 ;;
    tendermint-v0.35) echo 27300 ;;
    esac
}

# ---------------------------------------------------------------- build

build() {
    local family stamp
    command -v go >/dev/null || die "no Go toolchain (install Go or Debian's golang)"
    mkdir -p "$BUILD"
    for family in "$@"; do
        package_of "$family" >/dev/null
        stamp=$(cd "$HERE/$family" && cat go.mod go.sum | cksum && go version)
        if [[ -x $BUILD/$family && $(cat "$BUILD/$family.stamp" 2>/dev/null) == "$stamp" ]]; then
            continue
        fi
        echo "building $family" >&2
        # Without cgo no C compiler is needed; the nodes run the same.
        (cd "$HERE/$family" &&
            CGO_ENABLED=0 go build -mod=readonly -trimpath -o "$BUILD/$family" "$(package_of "$family")")
        echo "$stamp" >"$BUILD/$family.stamp"
    done
}

# ---------------------------------------------------------------- homes

# $1 file, $2 chain id, then the public keys of the validators. Without any, the validator's key belongs
# to nobody, so the chain stays at its genesis and the nodes stay quiet.
write_genesis() {
    local file=$1 chain=$2 key validators=''
    shift 2
    if (($# == 0)); then set -- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; fi
    for key in "$@"; do
        validators+="${validators:+,}
    {
      \"pub_key\": { \"type\": \"tendermint/PubKeyEd25519\", \"value\": \"$key\" },
      \"power\": \"1\",
      \"name\": \"\"
    }"
    done
    cat >"$file" <<JSON
{
  "genesis_time": "2024-01-01T00:00:00Z",
  "chain_id": "$chain",
  "initial_height": "1",
  "validators": [$validators
  ],
  "app_hash": ""
}
JSON
}

# $1 file, $2 moniker, $3 port, $4 peers to dial at once, $5 address of the RPC server, if any, $6 seeds of
# a node that makes blocks. Keys that are not here have their defaults.
write_v1_config() {
    cat >"$1" <<TOML
moniker = "$2"
proxy_app = "kvstore"
db_backend = "memdb"
log_level = "p2p:debug,pex:debug,*:info"

[rpc]
laddr = "${5:-}"
unsafe = true

[p2p]
laddr = "tcp://127.0.0.1:$3"
persistent_peers = "$4"
seeds = "${6:-}"
addr_book_strict = false
allow_duplicate_ip = true
pex = true

[consensus]
create_empty_blocks = $([[ -n ${6:-} ]] && echo true || echo false)
timeout_commit = "200ms"

[tx_index]
indexer = "null"
TOML
}

# A V2 node puts its external address, if it has one, before the others into each answer, and then
# leaves one of the others out. Node 0 has none: it is to tell all others. Its peer store is on disk, as
# it is with those who run such a node.
write_v2_config() {
    local external=127.0.0.1:$3
    if [[ $2 == node0 ]]; then external=''; fi
    cat >"$1" <<TOML
mode = "seed"
moniker = "$2"
db-backend = "goleveldb"
log-level = "debug"

[rpc]
laddr = ""

[p2p]
laddr = "tcp://127.0.0.1:$3"
external-address = "$external"
bootstrap-peers = "$4"
pex = true
use-legacy = false
TOML
}

# Makes the home of one node and prints the node's id. $1 family, $2 home.
init_home() {
    local binary=$BUILD/$1
    rm -rf "$2"
    mkdir -p "$2"
    if [[ $1 == tendermint-v0.35 ]]; then
        "$binary" init seed --home "$2" >"$2.init.log" 2>&1
    else
        "$binary" init --home "$2" >"$2.init.log" 2>&1
    fi || die "init failed, see $2.init.log"
    write_genesis "$2/config/genesis.json" "$(chain_id_of "$1")"
    "$binary" show-node-id --home "$2" | tail -n 1
}

# $1 family, $2 home, $3 moniker, $4 port, $5 peers, $6 address of the RPC server of a V1 node, if any,
# $7 its seeds, if any
configure() {
    if [[ $1 == tendermint-v0.35 ]]; then
        write_v2_config "$2/config/config.toml" "$3" "$4" "$5"
    else
        write_v1_config "$2/config/config.toml" "$3" "$4" "$5" "${6:-}" "${7:-}"
    fi
}

# ---------------------------------------------------------------- processes

# $1 family, $2 home. Appends "pid home" to the list of what down stops.
start_node() {
    local pid tries
    nohup "$BUILD/$1" start --home "$2" >"$2/log" 2>&1 </dev/null &
    pid=$!
    echo "$pid $2" >>"$DIR/pids"
    # Until the child has become the node, alive cannot tell it from one that has stopped.
    for ((tries = 0; tries < 50; tries++)); do
        if alive "$pid" "$2"; then break; fi
        sleep 0.02
    done
}

# A number may have passed to another process; ours names its home. A zombie names nothing.
alive() {
    if [[ -d /proc/self ]]; then
        { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null | grep -qF -- "start --home $2 "
    else
        ps -p "$1" -o args= 2>/dev/null | grep -qF -- "start --home $2"
    fi
}

down() {
    local dir=$1 pid home deadline=$((SECONDS + STOP_SECONDS))
    [[ -f $dir/pids ]] || return 0
    while read -r pid home; do
        if alive "$pid" "$home"; then kill -TERM "$pid" 2>/dev/null || true; fi
    done <"$dir/pids"
    while read -r pid home; do
        while alive "$pid" "$home"; do
            if ((SECONDS >= deadline)); then
                kill -KILL "$pid" 2>/dev/null || true
                break
            fi
            sleep 0.1
        done
    done <"$dir/pids"
    rm -f "$dir/pids"
}

# $1 what is awaited; the rest is the command that tells. Ends at once if a node of $DIR has stopped.
wait_for() {
    wait_for_long "$READY_SECONDS" "$@"
}

# The same; $1 is how many seconds it may take.
wait_for_long() {
    local seconds=$1 what=$2 deadline=$((SECONDS + $1)) pid home
    shift
    shift
    until "$@"; do
        while read -r pid home; do
            alive "$pid" "$home" || die "$home stopped: $(tail -n 3 "$home/log")"
        done <"$DIR/pids"
        ((SECONDS < deadline)) || die "$what not seen in $seconds s, see $DIR/*/log"
        sleep 0.2
    done
}

port_is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Debug logs hold raw bytes, hence -a.
log_has() {
    grep -aqE -- "$2" "$1/log" 2>/dev/null
}

started() {
    log_has "$1" '[Ss]tarted node'
}

# $1 family, $2 home, $3 id: can the node at home tell the address of id?
knows() {
    if [[ $1 == tendermint-v0.35 ]]; then
        # Its address was given; a connection shows that the address holds.
        log_has "$2" "peer connected .*peer=$3"
    else
        # The reactor has put an inbound peer into the book before this line.
        log_has "$2" "Added peer .* $3 in\}"
    fi
}

# A V1 node learns who dials it, so the others dial node 0. A V2 node does not, and it asks too
# seldom while others ask it (each message starts its timer anew), so node 0 dials the others.
# Whoever is dialed starts first.
up() {
    local family=$1 nodes=$2 base i id hub others='' ids=() json=()
    base=${4:-$(default_port_of "$family")}
    mkdir -p "$3"
    DIR=$(cd "$3" && pwd)
    [[ ! -e $DIR/pids ]] || die "$DIR already holds a network; run: network.sh down $DIR"
    for ((i = 0; i < nodes; i++)); do
        port_is_free $((base + i)) || die "port $((base + i)) is taken; give another base port"
    done
    build "$family"
    chain_id_of "$family" >"$DIR/chain-id"
    for ((i = 0; i < nodes; i++)); do
        id=$(init_home "$family" "$DIR/node$i")
        ids+=("$id")
        json+=("{\"id\":\"$id\",\"addr\":\"127.0.0.1:$((base + i))\",\"moniker\":\"node$i\"}")
        if ((i > 0)); then others+=${others:+,}$id@127.0.0.1:$((base + i)); fi
    done
    hub=${ids[0]}@127.0.0.1:$base

    trap 'down "$DIR"' EXIT
    if [[ $family == tendermint-v0.35 ]]; then
        start_all "$family" "$base" '' 1 $((nodes - 1))
        start_all "$family" "$base" "$others" 0 0
    else
        start_all "$family" "$base" '' 0 0
        start_all "$family" "$base" "$hub" 1 $((nodes - 1))
    fi
    for ((i = 1; i < nodes; i++)); do
        wait_for "node$i in what node0 knows" knows "$family" "$DIR/node0" "${ids[i]}"
    done
    (IFS=, && echo "[${json[*]}]") | sed 's/},{/},\n {/g' >"$DIR/nodes.json"
    trap - EXIT
}

# $1 family, $2 base port, $3 peers to dial, $4 first node, $5 last node
start_all() {
    local i
    for ((i = $4; i <= $5; i++)); do
        configure "$1" "$DIR/node$i" "node$i" $(($2 + i)) "$3"
        start_node "$1" "$DIR/node$i"
    done
    for ((i = $4; i <= $5; i++)); do
        wait_for "the start of node$i" started "$DIR/node$i"
    done
}

join() {
    local family=$1 peer=$3 port
    port=${4:-$(($(default_port_of "$family") + 90))}
    mkdir -p "$2"
    DIR=$(cd "$2" && pwd)
    [[ ! -e $DIR/pids ]] || die "$DIR already holds a node; run: network.sh down $DIR"
    if ! port_is_free "$port" || ! port_is_free $((port + 1)); then
        die "port $port or the next is taken; give another"
    fi
    build "$family"
    echo "$family" >"$DIR/family"
    echo "$peer" >"$DIR/peer"
    echo $((port + 1)) >"$DIR/rpc-port"
    sed -E 's|^[a-z]+://||; s|@.*||' <<<"$peer" >"$DIR/told-by"
    chain_id_of "$family" >"$DIR/chain-id"
    init_home "$family" "$DIR/joined" >"$DIR/id"
    trap 'down "$DIR"' EXIT
    configure "$family" "$DIR/joined" joined "$port" "$peer" "tcp://127.0.0.1:$((port + 1))"
    start_node "$family" "$DIR/joined"
    wait_for "the start of the node" started "$DIR/joined"
    trap - EXIT
}

# $1 port, $2 path: what the RPC server of a node answers.
rpc() {
    {
        printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
        cat <&3
    } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1"
}

# $1 RPC port, $2 height
has_height() {
    local height
    height=$(rpc "$1" /status | sed -nE 's/.*"latest_block_height": *"([0-9]+)".*/\1/p')
    ((${height:-0} >= $2))
}

# $1 RPC port, $2 how many peers
has_peers() {
    rpc "$1" /net_info | grep -q "\"n_peers\": *\"$2\""
}

# Two thirds of the validators must agree on a block, so blocks show that they have found each other, and
# the number of peers that each has found all.
chain() {
    local family=$1 nodes=$2 seed=$4 base i home keys=()
    [[ $family != tendermint-v0.35 ]] || die "$family runs as seed nodes alone, which make no blocks"
    base=${5:-$(default_port_of "$family")}
    mkdir -p "$3"
    DIR=$(cd "$3" && pwd)
    [[ ! -e $DIR/pids ]] || die "$DIR already holds a network; run: network.sh down $DIR"
    for ((i = 0; i < 2 * nodes; i++)); do
        port_is_free $((base + i)) || die "port $((base + i)) is taken; give another base port"
    done
    build "$family"
    chain_id_of "$family" >"$DIR/chain-id"
    for ((i = 0; i < nodes; i++)); do
        home=$DIR/node$i
        init_home "$family" "$home" >"$DIR/node$i.id"
        keys+=("$(sed -nE '/"pub_key"/,/\}/s/.*"value": *"([^"]+)".*/\1/p' "$home/config/priv_validator_key.json")")
    done
    trap 'down "$DIR"' EXIT
    for ((i = 0; i < nodes; i++)); do
        home=$DIR/node$i
        write_genesis "$home/config/genesis.json" "$(chain_id_of "$family")" "${keys[@]}"
        configure "$family" "$home" "node$i" $((base + i)) '' "tcp://127.0.0.1:$((base + nodes + i))" "$seed"
        start_node "$family" "$home"
    done
    for ((i = 0; i < nodes; i++)); do
        wait_for_long $CHAIN_SECONDS "the peers of node$i" has_peers $((base + nodes + i)) $((nodes - 1))
        wait_for_long $CHAIN_SECONDS "the fifth block of node$i" has_height $((base + nodes + i)) 5
    done
    trap - EXIT
}

# Prints the ids whose entry in a V1 address book has $2 as its source. $1 file.
ids_from_source() {
    awk -v source="$2" '
        /"addr": *\{/ { part = "addr" }
        /"src": *\{/ { part = "src" }
        /"id":/ {
            gsub(/[",]/, "")
            id[part] = $2
            if (part == "src" && $2 == source && id["addr"] != source) print id["addr"]
        }
    ' "$1" | sort -u
}

# Prints the ids that the log of a V2 node says it added from an answer of $3. $1 file, $2 "V2 " for
# answers in V2 messages, or nothing for those in V1 messages.
ids_from_answers() {
    local added="added $2PEX address address=\{[^}]*\"NodeID\":\"([0-9a-f]{40})\"[^}]*\}"
    LC_ALL=C sed -nE "s/.*$added.* peer=$3.*/\1/p" "$1" | sort -u
}

# A V1 node writes its book every two minutes, and at its end only if it happens to get to it. It also
# does when it is told over RPC to dial; here it is told to dial the peer that it has.
write_book() {
    {
        printf 'GET /dial_peers?peers=%%5B%%22%s%%22%%5D HTTP/1.0\r\n\r\n' "$(cat "$DIR/peer")" >&3
        grep -aq '"result"' <&3
    } 3<>"/dev/tcp/127.0.0.1/$(cat "$DIR/rpc-port")"
}

learned() {
    local family peer dialect='' answer
    DIR=$(cd "$1" && pwd)
    family=$(cat "$DIR/family")
    peer=$(cat "$DIR/told-by")
    if [[ $family == tendermint-v0.35 ]]; then
        # It asks in V1 messages whom it knows by mconn addresses alone; that is what no scheme means.
        if [[ $(cat "$DIR/peer") == tcp://* ]]; then dialect='V2 '; fi
        answer="added ${dialect}PEX address .*peer=$peer"
        wait_for "an address told by $peer" log_has "$DIR/joined" "$answer"
        sleep "$ONE_ANSWER"
        ids_from_answers "$DIR/joined/log" "$dialect" "$peer"
    else
        answer="Received message .*module=pex .* $peer out.*msg=.?addrs:"
        wait_for "an answer of $peer" log_has "$DIR/joined" "$answer"
        sleep "$ONE_ANSWER"
        write_book || die "no answer on the RPC port of the joined node, see $DIR/joined/log"
        ids_from_source "$DIR/joined/config/addrbook.json" "$peer"
    fi
}

case ${1:-} in
families) printf '%s\n' "${FAMILIES[@]}" ;;
chain-id) [[ $# -eq 2 ]] || usage; chain_id_of "$2" ;;
version) [[ $# -eq 2 ]] || usage; version_of "$2" ;;
build) shift; if (($#)); then build "$@"; else build "${FAMILIES[@]}"; fi ;;
up) [[ $# -eq 4 || $# -eq 5 ]] || usage; up "${@:2}" ;;
join) [[ $# -eq 4 || $# -eq 5 ]] || usage; join "${@:2}" ;;
chain) [[ $# -eq 5 || $# -eq 6 ]] || usage; chain "${@:2}" ;;
learned) [[ $# -eq 2 ]] || usage; learned "$2" ;;
down) [[ $# -eq 2 ]] || usage; down "$(cd "$2" && pwd)" ;;
*) usage ;;
esac
