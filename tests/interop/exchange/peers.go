package main

import (
	"runtime"
	"time"

	"github.com/tendermint/tendermint/internal/p2p"
	"github.com/tendermint/tendermint/types"
)

// peers times the peer manager with n known nodes, or as many connected where one is to be evicted.
func peers(n int) {
	nodes := uint32(n)
	// After any change of a score the nodes are sorted anew, which takes long where they are many.
	few := max(20, 200_000/n)
	known := func(options p2p.PeerManagerOptions) *p2p.PeerManager {
		made := manager(options)
		fill(made, 0, nodes)
		return made
	}
	fresh := make([]p2p.NodeAddress, 1_000)
	for i := range fresh {
		fresh[i] = address(nodes + uint32(i))
	}
	all := make([]p2p.NodeAddress, n)
	for i := range all {
		all[i] = address(uint32(i))
	}
	at := func(i int) p2p.NodeAddress { return all[(i*7919)%n] }

	measure("learn a new address", n, len(fresh), func() operation {
		made := known(p2p.PeerManagerOptions{})
		return operation{run: func(i int) {
			_, err := made.Add(fresh[i])
			must(err)
		}}
	})
	heard := known(p2p.PeerManagerOptions{})
	measure("hear of a known address", n, 10_000, func() operation {
		return operation{run: func(i int) {
			_, err := heard.Add(at(i))
			must(err)
		}}
	})
	measure("next to dial, after a dial that failed", n, few, func() operation {
		made := known(p2p.PeerManagerOptions{MinRetryTime: time.Millisecond, MaxRetryTime: time.Millisecond})
		dialed := made.TryDialNext()
		return operation{run: func(int) {
			must(made.DialFailed(dialed))
			if dialed = made.TryDialNext(); dialed.NodeID == "" {
				must(errNobody)
			}
		}}
	})
	measure("peer accepted, then gone", n, 1_000, func() operation {
		made := known(p2p.PeerManagerOptions{})
		return operation{run: func(i int) {
			must(made.Accepted(at(i).NodeID))
			made.Disconnected(at(i).NodeID)
		}}
	})
	measure("advertise 100 addresses", n, few, func() operation {
		return operation{run: func(int) { heard.Advertise(id(1<<31), told) }}
	})
	// It counts its connections in sixteen bits.
	if n < 1<<16-1 {
		evict(n)
	}

	heard = nil
	before := heap()
	held := known(p2p.PeerManagerOptions{})
	figure := (heap() - before) / int64(n)
	runtime.KeepAlive(held)
	say(struct {
		Name string `json:"name"`
		N    int    `json:"n"`
		Each int64  `json:"bytes"`
	}{"bytes a node, heard of", n, figure})
}

// evict times what follows when n are connected, and one of a higher score comes, and another.
func evict(n int) {
	const times = 100
	scores := map[types.NodeID]p2p.PeerScore{}
	for i := range times {
		scores[id(3_000_000_000+uint32(i))] = p2p.PeerScore(100 + i)
	}
	measure("worst to evict, for a better peer", n, times, func() operation {
		made := manager(p2p.PeerManagerOptions{
			MaxConnected:        uint16(n),
			MaxConnectedUpgrade: 2,
			PeerScores:          scores,
		})
		for i := range uint32(n) {
			must(made.Accepted(id(i)))
		}
		return operation{run: func(i int) {
			must(made.Accepted(id(3_000_000_000 + uint32(i))))
			gone, err := made.TryEvictNext()
			must(err)
			if gone == "" {
				must(errNobody)
			}
			made.Disconnected(gone)
		}}
	})
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
