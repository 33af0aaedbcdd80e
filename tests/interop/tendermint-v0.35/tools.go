//go:build tools

// Package interop pins the upstream node that this folder's network runs. It holds no code of ours.
package interop

import _ "github.com/tendermint/tendermint/cmd/tendermint"
