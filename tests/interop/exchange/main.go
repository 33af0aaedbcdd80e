// Command goexchange times what Tendermint v0.35.9 does in peer exchange of V2, by running it: its
// addresses, its messages, its reactor and its peer manager. It prints a line of JSON an operation.
//
// The module lies below Tendermint's in name, since Go lets nobody else import what is internal.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

const usage = `usage: goexchange exchange     time the exchange, with a peer manager that knows 1,000
       goexchange peers N      time the peer manager when it knows N
`

var errNobody = errors.New("nobody was named, where somebody had to be")

// rounds is how often each operation is prepared anew and timed.
const rounds = 15

func main() {
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "exchange":
		exchange()
	case len(args) == 2 && args[0] == "peers":
		n, err := strconv.Atoi(args[1])
		must(err)
		peers(n)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

// operation runs once for each number from 0 up; between two of them, unmeasured, there is before.
type operation struct {
	before func(int)
	run    func(int)
}

// figure is what an operation takes: the median over the rounds of the mean in a round, and how many
// allocations it makes.
type figure struct {
	Name   string  `json:"name"`
	N      int     `json:"n"`
	Ns     float64 `json:"ns_per_op_middle"`
	Allocs float64 `json:"allocs_per_op"`
}

// measure has prepare make an operation for each round, and times it so often.
func measure(name string, n, times int, prepare func() operation) {
	var took []float64
	for range rounds {
		op := prepare()
		var spent time.Duration
		if op.before == nil {
			began := time.Now()
			for i := range times {
				op.run(i)
			}
			spent = time.Since(began)
		} else {
			for i := range times {
				op.before(i)
				began := time.Now()
				op.run(i)
				spent += time.Since(began)
			}
		}
		took = append(took, float64(spent.Nanoseconds())/float64(times))
	}
	slices.Sort(took)
	say(figure{name, n, took[len(took)/2], allocations(prepare(), min(times, 20))})
}

// allocations is how many an operation makes, in the mean.
func allocations(op operation, times int) float64 {
	var made uint64
	var before, after runtime.MemStats
	for i := range times {
		if op.before != nil {
			op.before(i)
		}
		runtime.ReadMemStats(&before)
		op.run(i)
		runtime.ReadMemStats(&after)
		made += after.Mallocs - before.Mallocs
	}
	return float64(made) / float64(times)
}

func say(what any) {
	must(json.NewEncoder(os.Stdout).Encode(what))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "goexchange:", err)
		os.Exit(1)
	}
}
