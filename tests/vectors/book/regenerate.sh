#!/usr/bin/env bash
# Makes the vectors of this folder anew, or what the arguments name: "vectors", "books". README.md says more.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
GOBOOK=$HERE/../../interop/.build/gobook

book() {
    local name=$1 zone=$2
    shift 2
    TZ=$zone "$GOBOOK" write "$@" "$HERE/$name.json"
    "$GOBOOK" read "$HERE/$name.json" >"$HERE/$name.read.json"
}

(cd "$HERE/../../interop/book" && CGO_ENABLED=0 go build -mod=readonly -trimpath -o ../.build/gobook .)
for what in "${@:-vectors}"; do
    case $what in
    vectors) "$GOBOOK" vectors "$HERE" ;;
    books)
        book book-0 UTC 0 empty
        book book-1 UTC 1 one
        book book-50 Asia/Kolkata 50 fifty
        book book-1000 UTC 1000 thousand
        book book-banned America/New_York -banned 60 banned
        book book-lax UTC -lax 40 lax
        ;;
    *)
        echo "usage: regenerate.sh [vectors] [books]" >&2
        exit 2
        ;;
    esac
done
