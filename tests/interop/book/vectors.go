package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cometbft/cometbft/p2p"
)

const someID = "00112233445566778899aabbccddeeff01234567"

// Any key does; with this one the buckets can be told.
const (
	bookKey = "0123456789abcdef01234567"
	hashKey = "000102030405060708090a0b0c0d0e0ff0e0d0c0b0a090807060504030201000"
)

func vectors(dir string) {
	// Nothing here asks the network for a name, whatever the texts are.
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no network here")
	}}
	must(os.MkdirAll(dir, 0o755))
	lines(dir, "group_keys.jsonl", groupKeys)
	lines(dir, "buckets.jsonl", buckets)
	lines(dir, "hashes.jsonl", hashes)
	lines(dir, "net_address.jsonl", netAddresses)
	lines(dir, "reachability.jsonl", reachability)
	lines(dir, "loads.jsonl", loads)
}

func lines(dir, name string, fill func(line func(any))) {
	file, err := os.Create(filepath.Join(dir, name))
	must(err)
	out := bufio.NewWriter(file)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	count := 0
	fill(func(what any) {
		must(encoder.Encode(what))
		count++
	})
	must(out.Flush())
	must(file.Close())
	fmt.Printf("%s: %d\n", name, count)
}

// ---------------------------------------------------------------- groups

// The special ranges, and what the reference calls them.
var ranges = []struct {
	name string
	net  string
	is   func(*p2p.NetAddress) bool
}{
	{"RFC1918", "10.0.0.0/8", (*p2p.NetAddress).RFC1918},
	{"RFC1918", "172.16.0.0/12", nil},
	{"RFC1918", "192.168.0.0/16", nil},
	{"RFC3927", "169.254.0.0/16", (*p2p.NetAddress).RFC3927},
	{"local", "127.0.0.0/8", (*p2p.NetAddress).Local},
	{"local", "0.0.0.0/8", nil},
	{"local", "::1/128", nil},
	{"unspecified", "::/128", nil},
	{"broadcast", "255.255.255.255/32", nil},
	{"RFC3849", "2001:db8::/32", (*p2p.NetAddress).RFC3849},
	{"RFC3964", "2002::/16", (*p2p.NetAddress).RFC3964},
	{"RFC4193", "fc00::/7", (*p2p.NetAddress).RFC4193},
	{"RFC4380", "2001::/32", (*p2p.NetAddress).RFC4380},
	{"RFC4843", "2001:10::/28", (*p2p.NetAddress).RFC4843},
	{"RFC4862", "fe80::/64", (*p2p.NetAddress).RFC4862},
	{"RFC6052", "64:ff9b::/96", (*p2p.NetAddress).RFC6052},
	{"RFC6145", "::ffff:0:0:0/96", (*p2p.NetAddress).RFC6145},
	{"OnionCatTor", "fd87:d87e:eb43::/48", (*p2p.NetAddress).OnionCatTor},
	// No ranges of their own there, but an implementation may think so.
	{"", "2001:470::/32", nil},   // Hurricane Electric, grouped by 36 bits
	{"", "2001:20::/28", nil},    // ORCHIDv2
	{"", "100.64.0.0/10", nil},   // between carriers
	{"", "192.0.2.0/24", nil},    // documentation
	{"", "198.51.100.0/24", nil}, // documentation
	{"", "203.0.113.0/24", nil},  // documentation
	{"", "198.18.0.0/15", nil},   // benchmarks
	{"", "224.0.0.0/4", nil},     // multicast
	{"", "240.0.0.0/4", nil},     // reserved
	{"", "ff00::/8", nil},        // multicast
	{"", "fec0::/10", nil},       // site-local
	{"", "fe80::/10", nil},       // all of link-local
	{"", "100::/64", nil},        // discard
	{"", "3fff::/20", nil},       // documentation
	{"", "::/96", nil},           // IPv4-compatible
	{"", "64:ff9b:1::/48", nil},  // translation, local use
}

func step(ip net.IP, by int) net.IP {
	next := append(net.IP{}, ip...)
	for i := len(next) - 1; i >= 0; i-- {
		next[i] += byte(by)
		if by > 0 && next[i] != 0 || by < 0 && next[i] != 0xff {
			break
		}
	}
	return next
}

func groupTexts() []string {
	var texts []string
	seen := map[string]bool{}
	put := func(text string) {
		if !seen[text] {
			seen[text] = true
			texts = append(texts, text)
		}
	}
	d := &draw{seed: "groups"}
	inside := func(block *net.IPNet) net.IP {
		bytes := d.bytes()
		ip := append(net.IP{}, block.IP...)
		for i := range ip {
			ip[i] |= bytes[i] &^ block.Mask[i]
		}
		return ip
	}
	for _, each := range ranges {
		_, block, err := net.ParseCIDR(each.net)
		must(err)
		last := append(net.IP{}, block.IP...)
		for i := range last {
			last[i] |= ^block.Mask[i]
		}
		for _, ip := range []net.IP{step(block.IP, -1), block.IP, inside(block), inside(block), last, step(last, 1)} {
			put(ip.String())
		}
	}
	// The tunnels, around addresses of each kind.
	for _, in := range []string{
		"1.2.3.4", "8.8.8.8", "10.1.2.3", "127.0.0.1", "0.0.0.0", "192.168.9.9", "255.255.255.255",
		"169.254.1.1", "203.0.113.77", "172.31.255.255", "100.64.0.1", "128.0.0.1",
	} {
		v4 := net.ParseIP(in).To4()
		for _, at := range []struct {
			prefix string
			offset int
			invert byte
		}{
			{"64:ff9b::", 12, 0}, {"::ffff:0:0:0", 12, 0}, {"2002::", 2, 0}, {"2001::", 12, 0xff},
			{"2001:0:4136:e378:8000:63bf::", 12, 0xff}, {"::", 12, 0}, {"64:ff9b:1::", 12, 0},
		} {
			ip := net.ParseIP(at.prefix)
			for i, byte := range v4 {
				ip[at.offset+i] = byte ^ at.invert
			}
			put(ip.String())
		}
		put("::ffff:" + in)
	}
	for i := 0; i < 16; i++ { // the 36 bits, and the four bits of a hidden service
		put(fmt.Sprintf("2001:470:%x::1", i<<12|i))
		put(fmt.Sprintf("fd87:d87e:eb43:%x::1", i<<8|0x5000|i<<4))
	}
	for i := 0; i < 40; i++ {
		put(d.addr(false).IP.String())
	}
	for len(texts) < 420 {
		bytes := d.bytes()
		bytes[0] = 0x20 | bytes[0]&0x0f // somewhere in global unicast
		put(net.IP(bytes[:16]).String())
	}
	return texts
}

func groupKeys(line func(any)) {
	for _, text := range groupTexts() {
		addr := &p2p.NetAddress{ID: someID, IP: net.ParseIP(text), Port: 26656}
		in := []string{}
		for _, each := range ranges {
			if each.is != nil && each.is(addr) {
				in = append(in, each.name)
			}
		}
		line(struct {
			IP       string   `json:"ip"`
			Strict   string   `json:"strict"`
			Lax      string   `json:"lax"`
			Valid    bool     `json:"valid"`
			Routable bool     `json:"routable"`
			Local    bool     `json:"local"`
			In       []string `json:"in"`
		}{text, groupKeyFor(addr, true), groupKeyFor(addr, false), addr.Valid() == nil, addr.Routable(), addr.Local(), in})
	}
}

// ---------------------------------------------------------------- buckets

func fixed(strict bool) inside {
	book := open("", strict)
	key, err := hex.DecodeString(hashKey)
	must(err)
	book.fix(bookKey, key)
	return book
}

type keys struct {
	HashKey string `json:"hash_key"`
	BookKey string `json:"book_key"`
}

func buckets(line func(any)) {
	line(keys{hashKey, bookKey})
	strict, lax := fixed(true), fixed(false)
	d := &draw{seed: "buckets"}
	var special []*p2p.NetAddress
	for i, text := range groupTexts() {
		if i%6 == 0 {
			addr := d.addr(false)
			addr.IP = net.ParseIP(text)
			special = append(special, addr)
		}
	}
	var addr, src *p2p.NetAddress
	for i := 0; i < 300; i++ {
		old := addr
		addr, src = d.addr(i%5 == 4), d.addr(i%7 == 6)
		switch {
		case i%4 == 3: // one of the special ranges on one side, and sometimes on both
			addr = special[d.below(len(special))]
			if i%3 == 0 {
				src = special[d.below(len(special))]
			}
		case i%10 == 6: // it told of itself
			src = addr
		case i%10 == 8: // another of the same node
			addr.ID = old.ID
		}
		line(struct {
			Addr string `json:"addr"`
			Src  string `json:"src"`
			New  int    `json:"new_bucket"`
			Old  int    `json:"old_bucket"`
			NewL int    `json:"new_bucket_lax"`
			OldL int    `json:"old_bucket_lax"`
		}{
			addr.String(), src.String(),
			strict.newBucket(addr, src), strict.oldBucket(addr), lax.newBucket(addr, src), lax.oldBucket(addr),
		})
	}
}

func hashes(line func(any)) {
	line(keys{hashKey, bookKey})
	book := fixed(true)
	d := &draw{seed: "hashes"}
	for length := 0; length <= 100; length++ {
		if length > 40 && length%8 > 1 && length%8 < 7 {
			continue
		}
		var data []byte
		for len(data) < length {
			bytes := d.bytes()
			data = append(data, bytes[:]...)
		}
		sum, err := hashOf(book.at, data[:length])
		must(err)
		line(struct {
			Data string `json:"data"`
			Sum  string `json:"sum"`
		}{hex.EncodeToString(data[:length]), hex.EncodeToString(sum)})
	}
}

// ---------------------------------------------------------------- texts of addresses

func addressTexts() []string {
	const id = someID
	texts := []string{
		"", "@", "@@", ":", "://", id, id + "@", "@1.2.3.4:26656", "1.2.3.4:26656", id + "1.2.3.4:26656",
		id + "@1.2.3.4", id + "@1.2.3.4:", id + "@:26656", id + "@:", id + "@[]:26656", id + "@1.2.3.4:26656@",
		id + "@" + id + "@1.2.3.4:26656", id + "@@1.2.3.4:26656", " " + id + "@1.2.3.4:26656",
		id + " @1.2.3.4:26656", id + "@1.2.3.4:26656 ", id + "@1.2.3.4:26656\n", id + "@1.2.3.4: 26656",
	}
	for _, scheme := range []string{
		"tcp://", "TCP://", "mconn://", "unix://", "://", "a b://", "tcp:", "tcp:/", "//", "tcp://tcp://",
		"tcp://x://", "\x00://", "tcp:///",
	} {
		texts = append(texts, scheme+id+"@1.2.3.4:26656")
	}
	texts = append(texts, id+"@tcp://1.2.3.4:26656", id+"@1.2.3.4:26656://", id+"@1.2.3.4:26656://x",
		"tcp://"+id+"@1.2.3.4:26656/", "tcp://"+id+"@1.2.3.4:26656/path?a=b", "tcp://")
	for _, other := range []string{
		"", "0", id[:38], id[:39], id + "0", id + "00", strings.ToUpper(id), "AABBccddEEff00112233445566778899aAbBcCdD",
		strings.Repeat("0", 40), strings.Repeat("f", 40), "g" + id[1:], "0x" + id[2:], "+" + id[1:], id[:39] + "\u00e9",
		id[:38] + "\u0666", id[:20] + ":" + id[21:], strings.Repeat("0", 64), " " + id[1:],
	} {
		texts = append(texts, other+"@1.2.3.4:26656")
	}
	for _, port := range []string{
		"0", "1", "80", "65535", "65536", "99999", "4294967296", "18446744073709551616", "-1", "+1", "0026656",
		"00000000000000000000000080", "0x50", "1_000", "1e3", "http", "\u0661", "26656a", "26656.0", "%31", "-0",
	} {
		texts = append(texts, id+"@1.2.3.4:"+port)
	}
	for _, host := range []string{
		"0.0.0.0", "255.255.255.255", "127.0.0.1", "10.0.0.1", "224.0.0.1", "[1.2.3.4]", "[::]", "[::1]", "[::ffff:1.2.3.4]",
		"[::FFFF:102:304]", "[::1.2.3.4]", "[::ffff:0:1.2.3.4]", "[64:ff9b::1.2.3.4]", "[2001:db8::1]", "[2001:DB8:0:0:0:0:0:1]",
		"[2001:0db8:0000:0000:0000:0000:0000:0001]", "[2001:db8:0:1:0:0:0:1]", "[2001:0:0:1:0:0:0:1]", "[2001:db8:1:1:1:1:0:1]",
		"[2001:db8::1:1:1:1:1]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[0:0:0:0:0:0:0:0]",
		"[1::8]", "[fe80::1]", "[fd87:d87e:eb43::a]", "[2002:102:304::]", "[2001::fefd:fcfb]", "[2001:470::1]",
		"[ff02::1]", "[2a01:4f8:c0c:1234::1]", "[1:2:3:4:5:6:1.2.3.4]",
		"::1", "2001:db8::1", "[::1", "::1]", "[[::1]]", "[::1]x", "x[::1]", "[", "]", "[]", "[ ]",
	} {
		texts = append(texts, id+"@"+host+":26656")
	}
	// No IP, so the reference asks for a name; here the answer is always that there is none.
	for _, host := range []string{
		"256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "1.2.3.4.", ".1.2.3.4", "1..3.4", "0x7f.0.0.1", "2130706433",
		"1.2.3.-4", "1.2.3.+4", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1::2::3]", "[:::]", "[12345::]", "[g::]", "[::1.2.3]",
		"[::1.2.3.256]", "[::01.2.3.4]", "[1:2:3:4:5:6:7:1.2.3.4]", "[:1]", "[1:]", "[::ffff:1.2.3.4:5]", "a b", "-", "*",
		"no-such-name.invalid", "\u0661.2.3.4", "1.2.3.4%eth0", "[::1/128]", "1.2.3.4/32",
	} {
		texts = append(texts, id+"@"+host+":26656")
	}
	// No IP for the parser, but the lookup, without a question to anybody, drops the zone.
	return append(texts, id+"@[fe80::1%eth0]:26656", id+"@[::1%]:26656", id+"@[::ffff:1.2.3.4%1]:26656", id+"@[fe80::1%25eth0]:26656")
}

func netAddresses(line func(any)) {
	for _, text := range addressTexts() {
		addr, err := p2p.NewNetAddressString(text)
		if err == nil {
			line(struct {
				Text   string `json:"text"`
				Ok     bool   `json:"ok"`
				ID     string `json:"id"`
				IP     string `json:"ip"`
				Port   uint16 `json:"port"`
				String string `json:"string"`
			}{text, true, string(addr.ID), addr.IP.String(), addr.Port, addr.String()})
			continue
		}
		var noID p2p.ErrNetAddressNoID
		var lookup p2p.ErrNetAddressLookup
		kind := "invalid"
		if errors.As(err, &noID) {
			kind = "no id"
		} else if errors.As(err, &lookup) {
			kind = "lookup"
		}
		line(struct {
			Text  string `json:"text"`
			Ok    bool   `json:"ok"`
			Error string `json:"error"`
		}{text, false, kind})
	}
}

func reachability(line func(any)) {
	kinds := []string{
		"8.8.8.8", "9.9.9.9", "10.0.0.1", "127.0.0.1", "::1", "2001::fefd:fcfb", "2001:0:4136:e378::1", "2a01:4f8::1",
		"2600:1f18::2", "2002:808:808::1", "64:ff9b::808:808", "::ffff:0:808:808", "fe80::1", "fd87:d87e:eb43::a",
		"2001:db8::1", "::", "2001:470::1",
	}
	addr := func(text string, i int) *p2p.NetAddress {
		return &p2p.NetAddress{ID: p2p.ID(fmt.Sprintf("%040x", i)), IP: net.ParseIP(text), Port: 26656}
	}
	for i, from := range kinds {
		for j, to := range kinds {
			line(struct {
				From  string `json:"from"`
				To    string `json:"to"`
				Reach int    `json:"reach"`
			}{from, to, addr(from, i).ReachabilityTo(addr(to, j))})
		}
	}
}

// ---------------------------------------------------------------- files

// loads tells what the loader makes of books that are not as the reference writes them.
func loads(line func(any)) {
	dir, err := os.MkdirTemp("", "gobook")
	must(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "book.json")
	for _, each := range oddBooks() {
		must(os.WriteFile(path, []byte(each.text), 0o600))
		book := open(path, true)
		if err := book.load(path); err != nil {
			line(struct {
				Why   string `json:"why"`
				File  string `json:"file"`
				Ok    bool   `json:"ok"`
				Error string `json:"error"`
			}{each.why, each.text, false, strings.ReplaceAll(err.Error(), path, "FILE")})
			continue
		}
		again := filepath.Join(dir, "again.json")
		os.Remove(again)
		book.save(again)
		saved, _ := os.ReadFile(again)
		saves := saved != nil
		if book.counts().IDs > 1 {
			saved = nil // in no order
		}
		line(struct {
			Why  string `json:"why"`
			File string `json:"file"`
			Ok   bool   `json:"ok"`
			counts
			Entries []entry         `json:"entries"`
			Saves   bool            `json:"saves"`
			Saved   json.RawMessage `json:"saved,omitempty"`
		}{each.why, each.text, true, book.counts(), book.entries(), saves, saved})
	}
}

type oddBook struct{ why, text string }

func oddBooks() []oddBook {
	const (
		head   = `{"key":"0123456789abcdef01234567","addrs":[`
		addr   = `"addr":{"id":"00112233445566778899aabbccddeeff01234567","ip":"1.2.3.4","port":26656}`
		addr2  = `"addr":{"id":"00112233445566778899aabbccddeeff01234567","ip":"5.6.7.8","port":26656}`
		other  = `"addr":{"id":"ffeeddccbbaa99887766554433221100fedcba98","ip":"1.2.3.4","port":26656}`
		src    = `"src":{"id":"ffeeddccbbaa99887766554433221100fedcba98","ip":"9.9.9.9","port":26656}`
		rest   = `"attempts":1,"bucket_type":1,"last_attempt":"2024-01-02T03:04:05.6Z","last_success":"0001-01-01T00:00:00Z","last_ban_time":"0001-01-01T00:00:00Z"`
		normal = `{` + addr + `,` + src + `,"buckets":[7],` + rest + `}`
	)
	book := func(entries ...string) string { return head + strings.Join(entries, ",") + `]}` }
	odd := []oddBook{
		{"as written, but compact", book(normal)},
		{"no addresses", book()},
		{"empty file", ""},
		{"only white space", " \n\t"},
		{"null", "null"},
		{"an array", "[]"},
		{"a number", "1"},
		{"empty object", "{}"},
		{"no key", `{"addrs":[` + normal + `]}`},
		{"key is null", `{"key":null,"addrs":[]}`},
		{"key is a number", `{"key":1,"addrs":[]}`},
		{"key of another length", `{"key":"zz","addrs":[]}`},
		{"no addrs", `{"key":"0123456789abcdef01234567"}`},
		{"addrs is null", `{"key":"0123456789abcdef01234567","addrs":null}`},
		{"addrs is an object", `{"key":"0123456789abcdef01234567","addrs":{}}`},
		{"a null entry", book("null")},
		{"an empty entry", book("{}")},
		{"an entry that is a number", book("1")},
		{"unknown field at the top", `{"version":2,"key":"0123456789abcdef01234567","more":{"a":[1]},"addrs":[` + normal + `]}`},
		{"unknown field in an entry", book(strings.Replace(normal, `"attempts"`, `"more":[{"a":null}],"attempts"`, 1))},
		{"unknown field in an address", book(strings.Replace(normal, `"port":26656`, `"port":26656,"zone":"x"`, 1))},
		{"names in other letters", strings.Replace(strings.Replace(book(normal), `"addrs"`, `"ADDRS"`, 1), `"bucket_type"`, `"Bucket_Type"`, 1)},
		{"a name twice, the last is taken", book(strings.Replace(normal, `"attempts":1`, `"attempts":1,"attempts":5`, 1))},
		{"addrs twice", strings.Replace(book(normal), `"addrs":[`, `"addrs":[`+normal+`],"addrs":[`, 1)},
		{"text after the object", book(normal) + "garbage"},
		{"a second object", book(normal) + book()},
		{"a newline at the end", book(normal) + "\n"},
		{"byte order mark", "\ufeff" + book(normal)},
		{"cut off", book(normal)[:200]},
		{"cut off before the last brace", strings.TrimSuffix(book(normal), "}")},
		{"a comma too many", book(normal, "")},
		{"the same entry twice", book(normal, normal)},
		{"the same id at two IPs, in one bucket", book(normal, strings.Replace(normal, addr, addr2, 1))},
		{"the same id at two IPs, in two buckets", book(normal, strings.Replace(strings.Replace(normal, addr, addr2, 1), "[7]", "[8]", 1))},
		{"the same id, new and old", book(normal, strings.Replace(normal, `"bucket_type":1`, `"bucket_type":2`, 1))},
		{"two ids at the same IP and port", book(normal, strings.Replace(normal, addr, other, 1))},
		{"id in two cases", book(normal, strings.Replace(normal, "aabbccddeeff", "AABBCCDDEEFF", 1))},
		{"no addr", book(strings.Replace(normal, addr+",", "", 1))},
		{"addr is null", book(strings.Replace(normal, addr, `"addr":null`, 1))},
		{"addr is a text", book(strings.Replace(normal, addr, `"addr":"00112233445566778899aabbccddeeff01234567@1.2.3.4:26656"`, 1))},
		{"no src", book(strings.Replace(normal, src+",", "", 1))},
		{"src is null", book(strings.Replace(normal, src, `"src":null`, 1))},
		{"src is empty", book(strings.Replace(normal, src, `"src":{}`, 1))},
		{"no buckets", book(strings.Replace(normal, `"buckets":[7],`, "", 1))},
		{"buckets is null", book(strings.Replace(normal, "[7]", "null", 1))},
		{"buckets is empty", book(strings.Replace(normal, "[7]", "[]", 1))},
		{"a bucket twice", book(strings.Replace(normal, "[7]", "[7,7]", 1))},
		{"five buckets", book(strings.Replace(normal, "[7]", "[7,1,2,3,4]", 1))},
		{"a null bucket", book(strings.Replace(normal, "[7]", "[null]", 1))},
		{"port as a text", book(strings.Replace(normal, `"port":26656`, `"port":"26656"`, 1))},
		{"no port", book(strings.Replace(normal, `,"port":26656`, "", 1))},
		{"no id", book(strings.Replace(normal, `"id":"00112233445566778899aabbccddeeff01234567",`, "", 1))},
		{"id is empty", book(strings.Replace(normal, "00112233445566778899aabbccddeeff01234567", "", 1))},
		{"id is no hex", book(strings.Replace(normal, "0011", "<&>\u2028", 1))},
		{"no ip", book(strings.Replace(normal, `"ip":"1.2.3.4",`, "", 1))},
		{"ip is null", book(strings.Replace(normal, `"1.2.3.4"`, "null", 1))},
		{"no attempts", book(strings.Replace(normal, `"attempts":1,`, "", 1))},
		{"no bucket_type", book(strings.Replace(normal, `"bucket_type":1,`, "", 1))},
		{"no bucket_type and no buckets", book(strings.Replace(strings.Replace(normal, `"bucket_type":1,`, "", 1), "[7]", "[]", 1))},
		{"no times", book(`{` + addr + `,` + src + `,"buckets":[7],"attempts":1,"bucket_type":1}`)},
	}
	for _, bucket := range []string{"255", "256", "-1", "7.0", "7e0", `"7"`, "9223372036854775808"} {
		odd = append(odd, oddBook{"new, bucket " + bucket, book(strings.Replace(normal, "[7]", "["+bucket+"]", 1))})
	}
	for _, bucket := range []int{63, 64, 255} {
		text := strings.Replace(normal, `"bucket_type":1`, `"bucket_type":2`, 1)
		odd = append(odd, oddBook{fmt.Sprint("old, bucket ", bucket), book(strings.Replace(text, "[7]", "["+strconv.Itoa(bucket)+"]", 1))})
	}
	odd = append(odd, oddBook{"old, in two buckets", book(strings.Replace(strings.Replace(normal, `"bucket_type":1`, `"bucket_type":2`, 1), "[7]", "[7,8]", 1))})
	for _, kind := range []string{"0", "3", "255", "256", "-1", `"1"`, "null"} {
		text := strings.Replace(normal, `"bucket_type":1`, `"bucket_type":`+kind, 1)
		odd = append(odd,
			oddBook{"bucket_type " + kind, book(text)},
			oddBook{"bucket_type " + kind + " and no buckets", book(strings.Replace(text, "[7]", "[]", 1))})
	}
	for _, port := range []string{"0", "65535", "65536", "-1", "null", "26656.0"} {
		odd = append(odd, oddBook{"port " + port, book(strings.Replace(normal, `"port":26656`, `"port":`+port, 1))})
	}
	for _, ip := range []string{
		"", "2001:db8::1", "2001:DB8:0:0::1", "::ffff:1.2.3.4", "::1.2.3.4", "[2001:db8::1]", "fe80::1%eth0", "01.2.3.4", "1.2.3",
		"10.0.0.1", "127.0.0.1", "0.0.0.0", "::", "a.example",
	} {
		odd = append(odd, oddBook{"ip " + ip, book(strings.Replace(normal, "1.2.3.4", ip, 1))})
	}
	for _, attempts := range []string{"-1", "2147483647", "2147483648", "null", "1.5"} {
		odd = append(odd, oddBook{"attempts " + attempts, book(strings.Replace(normal, `"attempts":1`, `"attempts":`+attempts, 1))})
	}
	for _, time := range []string{
		`"2024-01-02T03:04:05Z"`, `"2024-01-02T03:04:05.123456789+05:30"`, `"2024-01-02T03:04:05.1234567899Z"`,
		`"2024-01-02T03:04:05,5Z"`, `"2024-01-02T03:04:05.000Z"`, `"2024-01-02T03:04:05"`, `"2024-01-02 03:04:05Z"`,
		`"2024-01-02t03:04:05z"`, `"2024-02-30T00:00:00Z"`, `"2024-06-30T23:59:60Z"`, `"2024-01-02T24:00:00Z"`,
		`"2024-01-02T3:04:05Z"`, `"2024-01-02T03:04:05-00:00"`, `"2024-01-02T03:04:05+23:59"`, `"2024-01-02T03:04:05+24:00"`,
		`"2024-01-02T03:04:05+0530"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999999Z"`, `"10000-01-01T00:00:00Z"`,
		`"0001-01-01T00:00:00+01:00"`, `""`, `null`, `0`, `1704164645`,
	} {
		odd = append(odd, oddBook{"last_attempt " + time, book(strings.Replace(normal, `"2024-01-02T03:04:05.6Z"`, time, 1))})
	}
	crowd := make([]string, 70)
	for i := range crowd {
		text := fmt.Sprintf(`"addr":{"id":"%040x","ip":"1.2.3.%d","port":26656}`, i, i+1)
		crowd[i] = `{` + text + `,"buckets":[7],"bucket_type":1}`
	}
	return append(odd, oddBook{"70 in one bucket", book(crowd...)})
}
