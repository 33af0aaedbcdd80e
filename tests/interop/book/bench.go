package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

// told is what a node hears: an address and who told it.
type told struct{ addr, src *p2p.NetAddress }

// together is how many of an operation are timed in one, as on the other side.
const together = 100

func hear(d *draw, n int, sources []*p2p.NetAddress) []told {
	heard := make([]told, n)
	for i := range heard {
		heard[i] = told{d.addr(false), sources[d.below(len(sources))]}
	}
	return heard
}

func keep(path string, heard []told) inside {
	book := open(path, true)
	for _, each := range heard {
		must(book.AddAddress(each.addr, each.src))
	}
	return book
}

// bench times what a node does with a book of n addresses, a third of them good. A book logs nothing
// here, and nothing but "save" and "load" touches a file.
func bench(n int) {
	if n == 0 {
		die()
	}
	dir, err := os.MkdirTemp("", "gobook")
	must(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "book.json")

	d := &draw{seed: "bench"}
	sources := make([]*p2p.NetAddress, n/20+3)
	for i := range sources {
		sources[i] = d.addr(false)
	}
	known := hear(d, n, sources)
	fresh := hear(d, max(n/4, 100), sources)
	full := func() inside {
		book := keep(path, known)
		for i := 0; i < n; i += 3 {
			book.MarkGood(known[i].addr.ID)
		}
		return book
	}
	book := full()
	// What the parts of a round took, each in all rounds of the last benchmark. The sum of their medians is
	// told too: the mean of all holds whatever else the machine did meanwhile.
	var took [][]float64
	perRound := 1
	run := func(name string, body func(b *testing.B)) {
		took = nil
		result := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			body(b)
		})
		say(struct {
			Name   string  `json:"name"`
			N      int     `json:"n"`
			Ns     float64 `json:"ns_per_op"`
			Middle float64 `json:"ns_per_op_middle"`
			Allocs int64   `json:"allocs_per_op"`
			Bytes  int64   `json:"bytes_per_op"`
			Runs   int     `json:"runs"`
		}{name, n, float64(result.T.Nanoseconds()) / float64(result.N), middles(took) / float64(perRound), result.AllocsPerOp(), result.AllocedBytesPerOp(), result.N})
	}
	// Runs op for 0 .. round-1 again and again, each time with what again makes, which is not timed.
	rounds := func(round int, again func() inside, op func(inside, int)) func(*testing.B) {
		return func(b *testing.B) {
			b.StopTimer()
			perRound = round
			for done := 0; done < b.N; {
				book := again()
				runtime.GC()
				b.StartTimer()
				for i := 0; i < round && done < b.N; {
					start, end := i, min(i+together, round)
					began := time.Now()
					for ; i < end && done < b.N; i++ {
						op(book, i)
						done++
					}
					spent := time.Since(began)
					if part := start / together; i == end {
						if part == len(took) {
							took = append(took, nil)
						}
						took[part] = append(took[part], float64(spent.Nanoseconds()))
					}
				}
				b.StopTimer()
			}
		}
	}
	run("add, into an empty book up to n", rounds(n, func() inside { return open(path, true) }, func(book inside, i int) {
		_ = book.AddAddress(known[i].addr, known[i].src)
	}))
	run("add, fresh, to a book of n", rounds(len(fresh), full, func(book inside, i int) {
		_ = book.AddAddress(fresh[i].addr, fresh[i].src)
	}))
	run("add, known, same source", rounds(n, full, func(book inside, i int) {
		_ = book.AddAddress(known[i].addr, known[i].src)
	}))
	run("add, known, another source", rounds(n, full, func(book inside, i int) {
		_ = book.AddAddress(known[i].addr, sources[i%len(sources)])
	}))
	same := func() inside { return book }
	run("pick, bias 30", rounds(10_000, same, func(book inside, _ int) { book.PickAddress(30) }))
	run("selection", rounds(100, same, func(book inside, _ int) { book.GetSelection() }))
	run("selection, bias 30", rounds(100, same, func(book inside, _ int) { book.GetSelectionWithBias(30) }))
	run("attempt", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			book.MarkAttempt(known[i%n].addr)
		}
	})
	run("good, of new addresses", rounds(n, func() inside { return keep(path, known) }, func(book inside, i int) {
		book.MarkGood(known[i].addr.ID)
	}))
	run("good, of old addresses", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			book.MarkGood(known[i%n/3*3].addr.ID)
		}
	})
	run("save", rounds(1, same, func(book inside, _ int) { book.save(path) }))
	run("load", rounds(1, same, func(inside, int) { must(open(path, true).load(path)) }))
	in := book.counts()
	book = inside{}
	empty, addrs, held := memory(path, n)
	say(struct {
		Name  string `json:"name"`
		N     int    `json:"n"`
		Book  counts `json:"book"`
		Empty int64  `json:"bytes_empty"`
		Addrs int64  `json:"bytes_addresses"`
		Held  int64  `json:"bytes_held"`
	}{"memory", n, in, empty, addrs, held})
}

// middles is the sum of the medians of the parts.
func middles(parts [][]float64) (sum float64) {
	for _, part := range parts {
		slices.Sort(part)
		sum += part[len(part)/2]
	}
	return sum
}

// memory tells what an empty book takes, then n addresses with ids and IPs of their own as they come off
// the wire, then the full book that holds those.
func memory(path string, n int) (empty, addrs, full int64) {
	heap := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	start := heap()
	book := open(path, true)
	empty = heap() - start
	d := &draw{seed: "memory"}
	sources := make([]*p2p.NetAddress, n/20+3)
	for i := range sources {
		sources[i] = d.addr(false)
	}
	middle := heap()
	heard := hear(d, n, sources)
	table := int64(len(heard)) * 16
	addrs = heap() - middle - table
	for i, each := range heard {
		must(book.AddAddress(each.addr, each.src))
		if i%3 == 0 {
			book.MarkGood(each.addr.ID)
		}
	}
	full = heap() - start - table
	runtime.KeepAlive(heard)
	runtime.KeepAlive(book)
	return empty, addrs, full
}
