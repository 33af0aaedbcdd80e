package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/gogo/protobuf/proto"
	dbm "github.com/tendermint/tm-db"

	"github.com/tendermint/tendermint/internal/p2p"
	"github.com/tendermint/tendermint/internal/p2p/pex"
	"github.com/tendermint/tendermint/libs/log"
	protop2p "github.com/tendermint/tendermint/proto/tendermint/p2p"
	"github.com/tendermint/tendermint/types"
)

// store is how many nodes are known, told how many an answer tells: as on the other side.
const (
	store = 1_000
	told  = 100
	many  = 1_000
)

func id(number uint32) types.NodeID {
	bytes := make([]byte, 20)
	for i := range bytes {
		bytes[i] = 0x5a
	}
	binary.BigEndian.PutUint32(bytes, number)
	return types.NodeID(hex.EncodeToString(bytes))
}

func address(number uint32) p2p.NodeAddress {
	url := fmt.Sprintf("mconn://%s@%d.%d.%d.7:26656", id(number), 100+byte(number>>16), byte(number>>8), byte(number))
	parsed, err := p2p.ParseNodeAddress(url)
	must(err)
	return parsed
}

// nowhere is a database that keeps nothing: what is measured is the manager.
type nowhere struct{ *dbm.MemDB }

func (nowhere) Set([]byte, []byte) error     { return nil }
func (nowhere) SetSync([]byte, []byte) error { return nil }
func (nowhere) Delete([]byte) error          { return nil }
func (nowhere) DeleteSync([]byte) error      { return nil }

func manager(options p2p.PeerManagerOptions) *p2p.PeerManager {
	peers, err := p2p.NewPeerManager(id(1<<32-1), nowhere{dbm.NewMemDB()}, options)
	must(err)
	return peers
}

func fill(peers *p2p.PeerManager, from, to uint32) {
	for n := from; n < to; n++ {
		_, err := peers.Add(address(n))
		must(err)
	}
}

// hundred is the answer that tells of a hundred nodes from first on, and its bytes.
func hundred(first uint32) []byte {
	answer := make([]protop2p.PexAddressV2, told)
	for i := range answer {
		answer[i].URL = address(first + uint32(i)).String()
	}
	return encoded(&protop2p.PexResponseV2{Addresses: answer})
}

func encoded(message proto.Message) []byte {
	var wrapped protop2p.PexMessage
	must(wrapped.Wrap(message))
	bytes, err := proto.Marshal(&wrapped)
	must(err)
	return bytes
}

func decoded(bytes []byte) proto.Message {
	var wrapped protop2p.PexMessage
	must(proto.Unmarshal(bytes, &wrapped))
	message, err := wrapped.Unwrap()
	must(err)
	return message
}

type node struct {
	reactor *pex.ReactorV2
	out     chan p2p.Envelope
	// ids are made first: that is no part of what is measured.
	ids []types.NodeID
}

// reactor is one that knows so many, and so many of them up, from 1,000,000 on.
func reactor(up uint32) node {
	peers := manager(p2p.PeerManagerOptions{MaxPeers: 2 * store, MaxConnected: 64})
	fill(peers, 0, store)
	out := make(chan p2p.Envelope, 1)
	channel := p2p.NewChannel(p2p.ChannelID(pex.PexChannel), new(protop2p.PexMessage), make(chan p2p.Envelope), out, make(chan p2p.PeerError))
	updates := p2p.NewPeerUpdates(make(chan p2p.PeerUpdate), 0)
	made := node{reactor: pex.NewReactorV2(log.NewNopLogger(), peers, channel, updates), out: out}
	for n := range up + 200 {
		made.ids = append(made.ids, id(1_000_000+n))
	}
	for n := range up {
		made.update(n, p2p.PeerStatusUp)
	}
	return made
}

func (n node) update(peer uint32, status p2p.PeerStatus) {
	update(n.reactor, p2p.PeerUpdate{NodeID: n.ids[peer], Status: status})
}

func (n node) receive(bytes []byte) {
	must(handle(n.reactor, p2p.Envelope{From: n.ids[0], Message: decoded(bytes)}))
}

func exchange() {
	one, answer := address(1), hundred(0)
	text := one.String()
	plain := func(run func(int)) func() operation {
		return func() operation { return operation{run: run} }
	}
	measure("parse 1 address", store, 10_000, plain(func(int) {
		_, err := p2p.ParseNodeAddress(text)
		must(err)
	}))
	measure("format 1 address", store, 10_000, plain(func(int) { _ = one.String() }))
	measure("decode a response of 100", store, 2_000, plain(func(int) { decoded(answer) }))
	measure("decode and parse 100", store, 500, plain(func(int) {
		for _, each := range decoded(answer).(*protop2p.PexResponseV2).Addresses {
			_, err := p2p.ParseNodeAddress(each.URL)
			must(err)
		}
	}))
	var addresses []p2p.NodeAddress
	for n := range uint32(told) {
		addresses = append(addresses, address(n))
	}
	measure("format and encode 100", store, 500, plain(func(int) {
		answer := make([]protop2p.PexAddressV2, told)
		for i, each := range addresses {
			answer[i].URL = each.String()
		}
		encoded(&protop2p.PexResponseV2{Addresses: answer})
	}))
	measure("response of 100, all known", store, 500, func() operation {
		node := reactor(1)
		return operation{
			before: func(int) {
				ask(node.reactor)
				<-node.out
			},
			run: func(int) { node.receive(answer) },
		}
	})
	request := encoded(&protop2p.PexRequestV2{})
	measure("request, answer of 100 encoded", store, 500, func() operation {
		node := reactor(1)
		return operation{
			// A peer that has gone and come may ask again at once.
			before: func(int) {
				node.update(0, p2p.PeerStatusDown)
				node.update(0, p2p.PeerStatusUp)
			},
			run: func(int) {
				node.receive(request)
				encoded((<-node.out).Message)
			},
		}
	})
	measure("peer up and down", store, 10_000, func() operation {
		node := reactor(many)
		return operation{run: func(int) {
			node.update(many, p2p.PeerStatusUp)
			node.update(many, p2p.PeerStatusDown)
		}}
	})
}
