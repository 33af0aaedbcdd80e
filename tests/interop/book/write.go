package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

// draw gives numbers and addresses that depend on the seed alone.
type draw struct {
	seed string
	took uint64
}

func (d *draw) bytes() [32]byte {
	d.took++
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("gobook "+d.seed+" "), d.took))
}

func (d *draw) below(n int) int {
	bytes := d.bytes()
	return int(binary.BigEndian.Uint64(bytes[:]) % uint64(n))
}

// Groups of IPv6 in which hosts of such networks are met; one is of Hurricane Electric, and one is 6to4.
var groups6 = []string{
	"2a01:4f8::", "2a01:4f9::", "2001:41d0::", "2604:a880::", "2600:1f18::", "2a02:c207::",
	"2607:5300::", "2400:6180::", "2001:470:1f0b::", "2001:470:f1c4::", "2803:9800::", "2002:505:505::",
}

var ports = []uint16{26656, 26656, 26656, 26656, 36656, 26656, 443, 60656, 1, 65535}

// addr makes an address that is routable, but for one in eight if private ones are allowed.
func (d *draw) addr(private bool) *p2p.NetAddress {
	for {
		bytes := d.bytes()
		id := p2p.ID(hex.EncodeToString(bytes[:p2p.IDByteLength]))
		ip := net.IPv4(bytes[20], bytes[21], bytes[22], bytes[23])
		switch {
		case private && bytes[24]%8 == 0:
			ip = net.IPv4(10, bytes[21]%4, bytes[22], bytes[23])
		case bytes[24]%8 == 1:
			ip = net.ParseIP(groups6[int(bytes[25])%len(groups6)])
			copy(ip[8:], bytes[20:25])
			ip[15] = bytes[26] | 1
		case ip[12] >= 224: // multicast, and what is reserved
			continue
		}
		addr := p2p.NewNetAddressIPPort(ip, ports[int(bytes[27])%len(ports)])
		addr.ID = id
		if addr.Routable() || private {
			return addr
		}
	}
}

const moment = time.Millisecond

// write makes a book as a node does that has been up for a while, by what the reference exports.
func write(n int, seed, path string, strict, mostBanned bool) {
	d := &draw{seed: seed}
	book := open(path, strict)
	sources := make([]*p2p.NetAddress, n/20+3)
	for i := range sources {
		sources[i] = d.addr(!strict)
	}
	addrs := make([]*p2p.NetAddress, n)
	for i := range addrs {
		addrs[i] = d.addr(!strict)
		src := sources[d.below(len(sources))]
		if i%11 == 0 { // it dialed us and told of itself
			src = addrs[i]
		}
		must(book.AddAddress(addrs[i], src))
		for again := d.below(8); i%3 == 1 && again > 0; again-- {
			must(book.AddAddress(addrs[i], sources[d.below(len(sources))]))
		}
	}
	for i, addr := range addrs {
		for tries := d.below(12); i%4 == 1 && tries >= 0; tries-- {
			book.MarkAttempt(addr)
		}
		if i%3 == 2 {
			book.MarkGood(addr.ID)
		}
		if i%9 == 2 {
			book.MarkAttempt(addr)
		}
	}
	banned := 0
	for i, addr := range addrs {
		switch {
		case i%17 == 13 || mostBanned && i%4 < 2:
			book.MarkBad(addr, moment)
		case i%23 == 19 || mostBanned && i%4 == 2:
			book.MarkBad(addr, 24*time.Hour)
			banned++
		}
	}
	time.Sleep(2 * moment)
	book.ReinstateBadPeers()
	book.save(path)
	say(struct {
		Asked int `json:"asked"`
		counts
		Banned int `json:"banned"`
	}{n, book.counts(), banned})
	if check := open(path, strict); check.load(path) != nil || check.counts() != book.counts() {
		must(fmt.Errorf("what was saved to %s is not what was in the book", path))
	}
}
