package main

import (
	"fmt"
	"hash"
	"reflect"
	"sort"
	"unsafe"

	"github.com/minio/highwayhash"

	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/p2p/pex"
)

// What the reference does not export, linked by name. The first argument of a method is the book.

//go:linkname groupKeyFor github.com/cometbft/cometbft/p2p/pex.groupKeyFor
func groupKeyFor(addr *p2p.NetAddress, strict bool) string

//go:linkname calcNewBucket github.com/cometbft/cometbft/p2p/pex.(*addrBook).calcNewBucket
func calcNewBucket(book unsafe.Pointer, addr, src *p2p.NetAddress) (int, error)

//go:linkname calcOldBucket github.com/cometbft/cometbft/p2p/pex.(*addrBook).calcOldBucket
func calcOldBucket(book unsafe.Pointer, addr *p2p.NetAddress) (int, error)

//go:linkname hashOf github.com/cometbft/cometbft/p2p/pex.(*addrBook).hash
func hashOf(book unsafe.Pointer, data []byte) ([]byte, error)

//go:linkname loadFromFile github.com/cometbft/cometbft/p2p/pex.(*addrBook).loadFromFile
func loadFromFile(book unsafe.Pointer, path string) bool

//go:linkname saveToFile github.com/cometbft/cometbft/p2p/pex.(*addrBook).saveToFile
func saveToFile(book unsafe.Pointer, path string)

//go:linkname isBad github.com/cometbft/cometbft/p2p/pex.(*knownAddress).isBad
func isBad(known unsafe.Pointer) bool

// inside sees into a book of the reference.
type inside struct {
	pex.AddrBook
	at     unsafe.Pointer
	fields reflect.Value
}

func open(path string, strict bool) inside {
	book := pex.NewAddrBook(path, strict)
	value := reflect.ValueOf(book)
	return inside{book, value.UnsafePointer(), value.Elem()}
}

// load fills the book from a file, as its start does, but nothing is ever saved behind our back.
func (b inside) load(path string) (err error) {
	defer func() {
		if said := recover(); said != nil {
			err = fmt.Errorf("%v", said)
		}
	}()
	loadFromFile(b.at, path)
	return nil
}

func (b inside) save(path string) { saveToFile(b.at, path) }

// fix replaces what the book draws at random, so that buckets can be told beforehand.
func (b inside) fix(key string, hashKey []byte) {
	hasher, err := highwayhash.New64(hashKey)
	must(err)
	*(*string)(b.fields.FieldByName("key").Addr().UnsafePointer()) = key
	*(*hash.Hash64)(b.fields.FieldByName("hasher").Addr().UnsafePointer()) = hasher
}

func (b inside) key() string { return b.fields.FieldByName("key").String() }

func (b inside) newBucket(addr, src *p2p.NetAddress) int {
	bucket, err := calcNewBucket(b.at, addr, src)
	must(err)
	return bucket
}

func (b inside) oldBucket(addr *p2p.NetAddress) int {
	bucket, err := calcOldBucket(b.at, addr)
	must(err)
	return bucket
}

// inBucket counts the addresses in one bucket; which is "bucketsNew" or "bucketsOld".
func (b inside) inBucket(which string, number int) int {
	return b.fields.FieldByName(which).Index(number).Len()
}

type counts struct {
	Size int `json:"size"`
	IDs  int `json:"ids"`
	Old  int `json:"old"`
	New  int `json:"new"`
}

func (b inside) counts() counts {
	return counts{
		Size: b.Size(),
		IDs:  b.fields.FieldByName("addrLookup").Len(),
		Old:  int(b.fields.FieldByName("nOld").Int()),
		New:  int(b.fields.FieldByName("nNew").Int()),
	}
}

// entry is what the book holds for an id.
type entry struct {
	Address    string `json:"address"`
	BucketType int    `json:"bucket_type"`
	Good       bool   `json:"good"`
	Attempts   int    `json:"attempts"`
	Buckets    []int  `json:"buckets"`
}

func (b inside) entries() []entry {
	entries := []entry{}
	for each := b.fields.FieldByName("addrLookup").MapRange(); each.Next(); {
		known := each.Value().Elem()
		addr := (*p2p.NetAddress)(known.FieldByName("Addr").UnsafePointer())
		buckets := []int{}
		for i, list := 0, known.FieldByName("Buckets"); i < list.Len(); i++ {
			buckets = append(buckets, int(list.Index(i).Int()))
		}
		entries = append(entries, entry{
			Address:    addr.String(),
			BucketType: int(known.FieldByName("BucketType").Uint()),
			Good:       b.IsGood(addr),
			Attempts:   int(known.FieldByName("Attempts").Int()),
			Buckets:    buckets,
		})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Address < entries[j].Address })
	return entries
}
