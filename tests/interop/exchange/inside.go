package main

import (
	_ "unsafe" // for linkname

	"github.com/tendermint/tendermint/internal/p2p"
	"github.com/tendermint/tendermint/internal/p2p/pex"
)

// What the reference does not export, linked by name. The first argument of a method is the reactor.

//go:linkname handle github.com/tendermint/tendermint/internal/p2p/pex.(*ReactorV2).handlePexMessage
func handle(reactor *pex.ReactorV2, envelope p2p.Envelope) error

//go:linkname update github.com/tendermint/tendermint/internal/p2p/pex.(*ReactorV2).processPeerUpdate
func update(reactor *pex.ReactorV2, what p2p.PeerUpdate)

//go:linkname ask github.com/tendermint/tendermint/internal/p2p/pex.(*ReactorV2).sendRequestForPeers
func ask(reactor *pex.ReactorV2)
