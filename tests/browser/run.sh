#!/usr/bin/env bash
# Looks at what `pex` shows in a real browser. Usage: run.sh <path-to-pex-binary> [test...]
# Installs Debian's chromium, where it is missing and this is root. One line a test; the exit code
# is 1 if any failed.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BROWSER=${CHROMIUM:-/usr/bin/chromium}

if (($# == 0)); then
    echo "usage: run.sh <path-to-pex-binary> [test...]" >&2
    exit 2
fi
[[ -x $1 ]] || {
    echo "run.sh: no program at $1; build it with: cargo build --release -p pex-node" >&2
    exit 2
}
PEX=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift

# Installs Debian's packages for a program that is not there.
ensure() {
    local program=$1
    shift
    command -v "$program" >/dev/null && return
    if ((EUID != 0)); then
        echo "run.sh: no $program; install it with: apt-get install $*" >&2
        exit 1
    fi
    apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}
ensure "$BROWSER" chromium
ensure node nodejs
ensure npm npm

cd "$HERE"
npm ci --silent --no-audit --no-fund --ignore-scripts
if (($# == 0)); then set -- ./*.test.mjs; fi
PEX=$PEX CHROMIUM=$BROWSER exec node --test --test-reporter=spec "$@"
