package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/cometbft/cometbft/p2p"
)

type seen map[string]any

// facts runs each claim and tells whether it holds, and what was seen.
func facts() {
	dir, err := os.MkdirTemp("", "gobook")
	must(err)
	defer os.RemoveAll(dir)
	for _, each := range []struct {
		claim string
		run   func(string) (bool, seen)
	}{
		{"65 addresses fit into a new bucket", newBucketHolds},
		{"65 addresses fit into an old bucket, and the one demoted for the 66th is lost", oldBucketHolds},
		{"an old address that was banned is lost when reinstated", reinstateOld},
		{"a new address that was banned comes back, with its attempts", reinstateNew},
		{"a ban that is over still refuses the address, until bans are reinstated", banOver},
		{"the ban of an id that is not in the book does nothing", banUnknown},
		{"bans, attempts and removals go by id, whatever the address", byID},
		{"bans are not in the file", bansNotSaved},
		{"the first address of an id stays, but the second IP decides where it is put next", firstAddressStays},
		{"a new address is in at most 4 buckets, and goes into another with a chance of 1/(2k)", fourBuckets},
		{"an address that is marked good counts no attempts and leaves its new buckets", markGood},
		{"what is bad", bad},
		{"the order of refusals", refusals},
		{"a selection has max(min(32, n), 23 % of n) addresses, at most 250", selectionSizes},
		{"a biased selection can have one address too many", biasedSelectionSizes},
		{"picking draws the side by weight; from old ones alone it gives none at bias 100", pickSides},
		{"buckets of the same book differ from start to start", bucketsDiffer},
		{"loading adds to what is in the book, and takes the key of the file", loadAdds},
		{"the file has mode 0644 less the umask, whatever it was before, and replaces a link", fileMode},
		{"saving where there is no directory fails without a word", saveFails},
		{"an id twice in the file: selections hold nil", nilInSelection},
		{"an entry that is in the same bucket twice is never forgotten", bucketTwice},
		{"an entry of bucket type 0 takes a success, but stays neither new nor old", bucketTypeZero},
		{"an entry without a source: reinstating it panics", noSource},
		{"an entry without buckets: adding its address again panics", noBucketsAdd},
		{"asking whether an unknown address is good panics", isGoodUnknown},
		{"an entry without buckets alone in the book: picking never ends", noBucketsPick}, // last: it goes on
	} {
		holds, saw := each.run(filepath.Join(dir, "book.json"))
		say(struct {
			Claim string `json:"claim"`
			Holds bool   `json:"holds"`
			Seen  seen   `json:"seen"`
		}{each.claim, holds, saw})
	}
}

func at(id int, ip string) *p2p.NetAddress {
	addr := p2p.NewNetAddressIPPort(net.ParseIP(ip), 26656)
	addr.ID = p2p.ID(fmt.Sprintf("%040x", id))
	return addr
}

func panics(run func()) (said string) {
	defer func() {
		if what := recover(); what != nil {
			said = fmt.Sprint(what)
		}
	}()
	run()
	return ""
}

func refusal(err error) string {
	if err == nil {
		return "taken"
	}
	return fmt.Sprintf("%T", err)
}

func newBucketHolds(path string) (bool, seen) {
	book := open(path, true)
	src := at(1, "9.9.9.9")
	sizes := []int{}
	for i := 0; i < 70; i++ {
		must(book.AddAddress(at(100+i, fmt.Sprintf("1.2.3.%d", i+1)), src))
		if i >= 62 {
			sizes = append(sizes, book.Size())
		}
	}
	inIt := book.inBucket("bucketsNew", book.newBucket(at(100, "1.2.3.1"), src))
	return inIt == 65 && book.Size() == 65 && !book.HasAddress(at(100, "1.2.3.1")), seen{
		"in_bucket": inIt, "sizes_from_the_63rd": sizes, "first_is_in": book.HasAddress(at(100, "1.2.3.1")),
	}
}

func oldBucketHolds(path string) (bool, seen) {
	book := open(path, true)
	src := at(1, "9.9.9.9")
	var first *p2p.NetAddress
	var before counts
	added, want := 0, 0
	for i := 0; added < 66; i++ {
		addr := at(100+i, fmt.Sprintf("1.2.%d.%d", i/200, i%200+1))
		if first == nil {
			first, want = addr, book.oldBucket(addr)
		} else if book.oldBucket(addr) != want {
			continue
		}
		before = book.counts()
		must(book.AddAddress(addr, src))
		book.MarkGood(addr.ID)
		added++
	}
	after := book.counts()
	inIt := book.inBucket("bucketsOld", want)
	return before.Old == 65 && after == before && inIt == 65 && !book.HasAddress(first), seen{
		"before_the_66th": before, "after": after, "in_bucket": inIt, "demoted_is_in": book.HasAddress(first),
	}
}

func reinstateOld(path string) (bool, seen) {
	book := open(path, true)
	addr, src := at(2, "1.2.3.4"), at(1, "9.9.9.9")
	must(book.AddAddress(addr, src))
	book.MarkGood(addr.ID)
	book.MarkBad(addr, moment)
	time.Sleep(2 * moment)
	book.ReinstateBadPeers()
	lost := !book.HasAddress(addr) && !book.IsBanned(addr) && book.Size() == 0
	return lost, seen{"size": book.Size(), "is_banned": book.IsBanned(addr), "then_added": refusal(book.AddAddress(addr, src))}
}

func reinstateNew(path string) (bool, seen) {
	book := open(path, true)
	addr, src := at(2, "1.2.3.4"), at(1, "9.9.9.9")
	must(book.AddAddress(addr, src))
	for i := 0; i < 3; i++ {
		book.MarkAttempt(addr)
	}
	book.MarkBad(addr, moment)
	gone := !book.HasAddress(addr)
	time.Sleep(2 * moment)
	book.ReinstateBadPeers()
	book.save(path)
	text, err := os.ReadFile(path)
	must(err)
	var file struct {
		Addrs []struct {
			Attempts    int       `json:"attempts"`
			LastBanTime time.Time `json:"last_ban_time"`
		} `json:"addrs"`
	}
	must(json.Unmarshal(text, &file))
	one := file.Addrs[0]
	return gone && book.Size() == 1 && one.Attempts == 3 && !one.LastBanTime.IsZero(), seen{
		"entries": book.entries(), "last_ban_time_is_the_end_of_the_ban": !one.LastBanTime.IsZero(),
	}
}

func banOver(path string) (bool, seen) {
	book := open(path, true)
	addr, src := at(2, "1.2.3.4"), at(1, "9.9.9.9")
	must(book.AddAddress(addr, src))
	book.MarkBad(addr, moment)
	time.Sleep(2 * moment)
	said, banned := refusal(book.AddAddress(addr, src)), book.IsBanned(addr)
	book.ReinstateBadPeers()
	return banned && said != "taken" && book.HasAddress(addr), seen{"is_banned": banned, "added": said}
}

func banUnknown(path string) (bool, seen) {
	book := open(path, true)
	addr := at(2, "1.2.3.4")
	book.MarkBad(addr, time.Hour)
	said := refusal(book.AddAddress(addr, addr))
	return said == "taken", seen{"is_banned": book.IsBanned(addr), "then_added": said}
}

func byID(path string) (bool, seen) {
	book := open(path, true)
	addr, elsewhere := at(2, "1.2.3.4"), at(2, "5.6.7.8")
	must(book.AddAddress(addr, addr))
	has := book.HasAddress(elsewhere)
	book.MarkAttempt(elsewhere)
	attempts := book.entries()[0].Attempts
	book.RemoveAddress(elsewhere)
	removed := book.Size() == 0
	must(book.AddAddress(addr, addr))
	book.MarkBad(elsewhere, time.Hour)
	banned := book.IsBanned(addr)
	return has && attempts == 1 && removed && banned, seen{"has": has, "attempts": attempts, "removed": removed, "banned": banned}
}

func bansNotSaved(path string) (bool, seen) {
	book := open(path, true)
	addr := at(2, "1.2.3.4")
	must(book.AddAddress(addr, addr))
	book.MarkBad(addr, time.Hour)
	book.save(path)
	again := open(path, true)
	must(again.load(path))
	return !again.IsBanned(addr) && again.Size() == 0, seen{"size": again.Size(), "is_banned": again.IsBanned(addr)}
}

func firstAddressStays(path string) (bool, seen) {
	book := open(path, true)
	first, src := at(2, "1.2.3.4"), at(1, "9.9.9.9")
	must(book.AddAddress(first, src))
	expected := map[int]bool{book.newBucket(first, src): true}
	for i := 0; i < 200; i++ {
		other := at(2, fmt.Sprintf("%d.77.7.7", 20+i%100))
		expected[book.newBucket(other, src)] = true
		must(book.AddAddress(other, src))
	}
	entry := book.entries()[0]
	holds := entry.Address == first.String() && len(entry.Buckets) > 1
	for _, bucket := range entry.Buckets {
		holds = holds && expected[bucket]
	}
	return holds, seen{"entry": entry}
}

func fourBuckets(path string) (bool, seen) {
	const trials = 4000
	took := map[int]int{}
	most := 0
	for k := 1; k <= 4; k++ {
		for i := 0; i < trials; i++ {
			book := fixed(true)
			addr := at(2, "1.2.3.4")
			// Sources whose buckets are all different.
			used := map[int]bool{}
			other := func() *p2p.NetAddress {
				for n := 0; ; n++ {
					src := at(1, fmt.Sprintf("%d.%d.1.1", 20+n/200, n%200))
					if bucket := book.newBucket(addr, src); !used[bucket] {
						used[bucket] = true
						return src
					}
				}
			}
			for buckets := 0; buckets < k; {
				must(book.AddAddress(addr, other()))
				buckets = len(book.entries()[0].Buckets)
			}
			must(book.AddAddress(addr, other()))
			if now := len(book.entries()[0].Buckets); now > k {
				took[k]++
				most = max(most, now)
			}
			if k == 4 && i > 50 {
				break
			}
		}
	}
	share := func(k int) float64 { return float64(took[k]) / trials }
	near := func(k int) bool { want := 1 / float64(2*k); return share(k) > want*0.85 && share(k) < want*1.15 }
	return near(1) && near(2) && near(3) && took[4] == 0, seen{
		"share_with_1": share(1), "share_with_2": share(2), "share_with_3": share(3), "taken_with_4": took[4], "most": most,
	}
}

func markGood(path string) (bool, seen) {
	book := open(path, true)
	addr := at(2, "1.2.3.4")
	must(book.AddAddress(addr, at(1, "9.9.9.9")))
	for i := 0; i < 60; i++ {
		must(book.AddAddress(addr, at(1, fmt.Sprintf("%d.9.9.9", i+20))))
	}
	book.MarkAttempt(addr)
	before := book.entries()[0]
	book.MarkGood(addr.ID)
	after := book.entries()[0]
	book.MarkAttempt(addr)
	later := book.entries()[0]
	inNew := 0
	for bucket := 0; bucket < 256; bucket++ {
		inNew += book.inBucket("bucketsNew", bucket)
	}
	right := after.Good && after.Attempts == 0 && inNew == 0 && len(after.Buckets) == 1 && after.Buckets[0] == book.oldBucket(addr)
	return right && later.Good && later.Attempts == 1, seen{"before": before, "after": after, "after_an_attempt": later}
}

// bad asks of entries that were last attempted, and last a success, so many minutes ago (0: never).
func bad(path string) (bool, seen) {
	const day = 24 * 60
	saw, holds := seen{}, true
	for _, of := range []struct {
		attempted, success, attempts, kind int
		bad                                bool
	}{
		{0, 0, 0, 1, true}, {0, 0, 0, 2, false}, {7*day - 1, 0, 0, 1, false}, {7*day + 1, 0, 0, 1, true}, {7*day + 1, 5, 0, 1, true},
		{7*day + 1, 0, 99, 2, false}, {2, 0, 2, 1, false}, {2, 0, 3, 1, true}, {1, 0, 3, 1, true}, {-1, 0, 99, 1, false},
		{2, 5, 3, 1, false}, {2, 5, 99, 1, false}, {2, 7*day + 1, 9, 1, false}, {2, 7*day + 1, 10, 1, true}, {2, 7*day - 1, 10, 1, false},
	} {
		text := func(minutes int) string {
			if minutes == 0 {
				return "0001-01-01T00:00:00Z"
			}
			return time.Now().Add(-time.Duration(minutes)*time.Minute - time.Second).Format(time.RFC3339Nano)
		}
		book := loaded(path, strings.NewReplacer(
			`"attempts":0`, fmt.Sprintf(`"attempts":%d,"last_attempt":%q,"last_success":%q`, of.attempts, text(of.attempted), text(of.success)),
			`"bucket_type":1`, fmt.Sprintf(`"bucket_type":%d`, of.kind),
		).Replace(oneEntry))
		each := book.fields.FieldByName("addrLookup").MapRange()
		each.Next()
		is := isBad(each.Value().UnsafePointer())
		holds = holds && is == of.bad
		saw[fmt.Sprintf("type %d, attempted %d min ago, success %d min ago, %d attempts", of.kind, of.attempted, of.success, of.attempts)] = is
	}
	return holds, saw
}

func refusals(path string) (bool, seen) {
	book := open(path, true)
	good, src := at(2, "1.2.3.4"), at(1, "9.9.9.9")
	private, ours := at(3, "1.2.3.5"), at(4, "1.2.3.6")
	book.AddPrivateIDs([]string{string(private.ID)})
	book.AddOurAddress(ours)
	must(book.AddAddress(good, src))
	book.MarkBad(good, time.Hour)
	privateOurs := at(3, "1.2.3.7")
	book.AddOurAddress(privateOurs)
	noID := at(5, "1.2.3.4")
	noID.ID = ""
	oursElsewhere, atOurs := at(4, "1.2.3.9"), at(5, "1.2.3.6")
	saw := seen{
		"nil":                                refusal(book.AddAddress(nil, src)),
		"nil source":                         refusal(book.AddAddress(good, nil)),
		"no id, no source":                   refusal(book.AddAddress(noID, nil)),
		"no id":                              refusal(book.AddAddress(noID, src)),
		"port 0":                             refusal(book.AddAddress(&p2p.NetAddress{ID: at(7, "").ID, IP: good.IP}, src)),
		"banned":                             refusal(book.AddAddress(good, src)),
		"banned, from a private id":          refusal(book.AddAddress(good, private)),
		"banned, at a private IP":            refusal(book.AddAddress(at(2, "10.0.0.1"), src)),
		"private":                            refusal(book.AddAddress(private, src)),
		"private, from a private id":         refusal(book.AddAddress(private, private)),
		"private, and ours":                  refusal(book.AddAddress(privateOurs, src)),
		"from a private id":                  refusal(book.AddAddress(at(6, "1.2.3.8"), private)),
		"ours, from a private id":            refusal(book.AddAddress(ours, private)),
		"ours":                               refusal(book.AddAddress(ours, src)),
		"our id elsewhere":                   refusal(book.AddAddress(oursElsewhere, src)),
		"another id at our IP and port":      refusal(book.AddAddress(atOurs, src)),
		"not routable":                       refusal(book.AddAddress(at(8, "10.0.0.1"), src)),
		"unspecified":                        refusal(book.AddAddress(at(8, "0.0.0.0"), src)),
		"loopback":                           refusal(book.AddAddress(at(8, "127.0.0.1"), src)),
		"from a source that is not routable": refusal(book.AddAddress(at(9, "1.2.3.10"), at(1, "10.0.0.1"))),
		"from a source without id and IP":    refusal(book.AddAddress(at(10, "1.2.3.11"), &p2p.NetAddress{})),
	}
	return saw["our id elsewhere"] == "taken" && saw["banned, at a private IP"] == saw["banned"] &&
		saw["private, from a private id"] == "pex.ErrAddrBookPrivate" && saw["ours, from a private id"] == "pex.ErrAddrBookPrivateSrc", saw
}

// filled makes a book with so many new and old addresses, each in one bucket.
func filled(path string, fresh, good int) inside {
	book := open(path, true)
	for i := 0; i < fresh+good; i++ {
		addr := at(100+i, fmt.Sprintf("%d.%d.1.1", 20+i/200, i%200))
		must(book.AddAddress(addr, addr))
		if i < good {
			book.MarkGood(addr.ID)
		}
	}
	return book
}

func selectionSizes(path string) (bool, seen) {
	saw, holds := seen{}, true
	for _, n := range []int{0, 1, 31, 32, 33, 138, 139, 140, 143, 144, 200, 1000, 1086, 1087, 1500} {
		book := filled(path, n, 0)
		n = book.Size() // few are expired
		got := len(book.GetSelection())
		holds = holds && got == min(250, max(min(32, n), n*23/100))
		saw[fmt.Sprint(n)] = got
	}
	return holds, saw
}

func biasedSelectionSizes(path string) (bool, seen) {
	saw, tooMany := seen{}, false
	for _, of := range []struct{ fresh, good, bias int }{
		{0, 50, 0}, {0, 50, 30}, {0, 50, 100}, {50, 0, 0}, {50, 0, 30}, {50, 0, 100}, {25, 25, 0}, {25, 25, 30}, {25, 25, 50},
		{25, 25, 100}, {40, 10, 100}, {3, 47, 30}, {3, 47, 100}, {47, 3, 0}, {1, 1, 0}, {1, 1, 50}, {1, 1, 100}, {200, 100, 0}, {200, 100, 30},
		{200, 100, 100}, {1000, 400, 0}, {1000, 400, 30}, {1000, 400, 100}, {1000, 100, 30}, {1000, 20, 0}, {40, 10, -5}, {40, 10, 200},
	} {
		book := filled(path, of.fresh, of.good)
		have := book.counts()
		fresh, good, twice, ids := 0, 0, 0, map[string]bool{}
		for _, addr := range book.GetSelectionWithBias(of.bias) {
			if book.IsGood(addr) {
				good++
			} else {
				fresh++
			}
			if ids[addr.String()] {
				twice++
			}
			ids[addr.String()] = true
		}
		n := have.Size
		tooMany = tooMany || fresh+good > min(250, max(min(32, n), n*23/100))
		saw[fmt.Sprintf("new %d old %d bias %d", have.New, have.Old, of.bias)] =
			seen{"selected": fresh + good, "new": fresh, "old": good, "twice": twice}
	}
	return tooMany, saw
}

func pickSides(path string) (bool, seen) {
	const picks = 5000
	saw, holds := seen{}, true
	for _, of := range []struct {
		fresh, good, bias       int
		shareNew, shareOld, off float64
	}{
		{50, 0, 0, 1, 0, 0}, {50, 0, 50, 1, 0, 0}, {50, 0, 100, 1, 0, 0}, {0, 50, 0, 0, 1, 0}, {0, 50, 50, 0, 1, 0}, {0, 50, 100, 0, 0, 0},
		{50, 50, 0, 0, 1, 0}, {50, 50, 30, 0.3, 0.7, 0.03}, {50, 50, 100, 1, 0, 0}, {50, 50, -9, 0, 1, 0}, {50, 50, 999, 1, 0, 0},
		{80, 20, 30, 0.4615, 0.5385, 0.03}, // 2 × 30 to 1 × 70
	} {
		book := filled(path, of.fresh, of.good)
		fresh, good := 0.0, 0.0
		for i := 0; i < picks; i++ {
			if addr := book.PickAddress(of.bias); addr != nil && book.IsGood(addr) {
				good += 1.0 / picks
			} else if addr != nil {
				fresh += 1.0 / picks
			}
		}
		near := func(a, b float64) bool { return a-b <= of.off+1e-9 && b-a <= of.off+1e-9 }
		holds = holds && near(fresh, of.shareNew) && near(good, of.shareOld)
		saw[fmt.Sprintf("new %d old %d bias %d", of.fresh, of.good, of.bias)] = fmt.Sprintf("new %.3f, old %.3f", fresh, good)
	}
	return holds, saw
}

func bucketsDiffer(path string) (bool, seen) {
	one, two := open(path, true), open(path, true)
	must(one.AddAddress(at(2, "1.2.3.4"), at(2, "1.2.3.4")))
	one.save(path)
	must(two.load(path))
	differ := 0
	for i := 0; i < 100; i++ {
		addr := at(i, fmt.Sprintf("%d.1.1.1", i+20))
		if one.newBucket(addr, addr) != two.newBucket(addr, addr) {
			differ++
		}
	}
	return one.key() == two.key() && differ > 90, seen{"same_key": one.key() == two.key(), "of_100_differ": differ}
}

func loadAdds(path string) (bool, seen) {
	one := filled(path, 3, 0)
	one.save(path)
	two := filled(path, 5, 0)
	must(two.load(path))
	return two.key() == one.key(), seen{"saved": 3, "had": 5, "then": two.counts()}
}

func fileMode(path string) (bool, seen) {
	book := filled(path, 3, 0)
	saw := seen{}
	mode := func(what string, umask int) {
		before := syscall.Umask(umask)
		book.save(path)
		syscall.Umask(before)
		info, err := os.Lstat(path)
		must(err)
		saw[what] = info.Mode().String()
		must(os.Remove(path))
	}
	os.Remove(path)
	mode("umask 0", 0)
	mode("umask 022", 0o22)
	mode("umask 077", 0o77)
	must(os.WriteFile(path, nil, 0o600))
	mode("was 0600, umask 022", 0o22)
	must(os.WriteFile(path, nil, 0o600))
	must(os.Chmod(path, 0o400))
	mode("was 0400, umask 022", 0o22)
	must(os.Symlink("elsewhere", path))
	mode("was a link, umask 022", 0o22)
	_, err := os.Lstat(filepath.Join(filepath.Dir(path), "elsewhere"))
	saw["link_was_followed"] = err == nil
	left, err := os.ReadDir(filepath.Dir(path))
	must(err)
	saw["files_left"] = len(left)
	return saw["umask 077"] == "-rw-------" && saw["was 0600, umask 022"] == "-rw-r--r--" && err == nil, saw
}

func saveFails(path string) (bool, seen) {
	book := filled(path, 3, 0)
	said := panics(func() { book.save(filepath.Join(path+".none", "book.json")) })
	return said == "", seen{"panic": said}
}

const oneEntry = `{"addr":{"id":"0000000000000000000000000000000000000002","ip":"1.2.3.4","port":26656},` +
	`"src":{"id":"0000000000000000000000000000000000000001","ip":"9.9.9.9","port":26656},"buckets":[7],"attempts":0,"bucket_type":1}`

func loaded(path string, entries ...string) inside {
	must(os.WriteFile(path, []byte(`{"key":"`+bookKey+`","addrs":[`+strings.Join(entries, ",")+`]}`), 0o600))
	book := open(path, true)
	must(book.load(path))
	return book
}

func nilInSelection(path string) (bool, seen) {
	book := loaded(path, oneEntry, oneEntry, oneEntry)
	selected, nils := book.GetSelection(), 0
	for _, addr := range selected {
		if addr == nil {
			nils++
		}
	}
	book.RemoveAddress(at(2, "1.2.3.4"))
	return nils == 2, seen{
		"selected": len(selected), "nil": nils, "after_removal": book.counts(),
		"selection_after_removal": len(book.GetSelection()),
	}
}

func bucketTwice(path string) (bool, seen) {
	twice := strings.Replace(oneEntry, "[7]", "[7,7]", 1)
	book := loaded(path, twice)
	src := at(1, "9.9.9.9")
	// Into its bucket, until it is expired there.
	number := 7
	added := 0
	for i := 0; added < 80; i++ {
		addr := at(1000+i, fmt.Sprintf("%d.%d.1.1", 20+i/200%80, i%200))
		if book.newBucket(addr, src) != number {
			src = at(1, fmt.Sprintf("%d.%d.9.9", 20+i/250%80, i%250))
			continue
		}
		must(book.AddAddress(addr, src))
		added++
	}
	bucket := book.fields.FieldByName("bucketsNew").Index(number).MapRange()
	inIt := false
	for bucket.Next() {
		inIt = inIt || bucket.Key().String() == at(2, "1.2.3.4").String()
	}
	return !inIt && book.HasAddress(at(2, "1.2.3.4")), seen{
		"in_bucket": inIt, "in_book": book.HasAddress(at(2, "1.2.3.4")), "counts": book.counts(),
		"bucket_holds": book.inBucket("bucketsNew", number),
	}
}

func bucketTypeZero(path string) (bool, seen) {
	zero := strings.Replace(strings.Replace(oneEntry, `"bucket_type":1`, `"bucket_type":0`, 1), "[7]", "[]", 1)
	book := loaded(path, zero)
	before := book.counts()
	book.MarkGood(at(2, "").ID)
	after := book.entries()
	return before.Old == 1 && after[0].BucketType == 0 && !after[0].Good, seen{"counted": before, "after_a_success": after}
}

func noSource(path string) (bool, seen) {
	none := strings.Replace(oneEntry, `"src":{"id":"0000000000000000000000000000000000000001","ip":"9.9.9.9","port":26656},`, "", 1)
	book := loaded(path, none)
	book.MarkBad(at(2, "1.2.3.4"), moment)
	time.Sleep(2 * moment)
	said := panics(book.ReinstateBadPeers)
	return said != "", seen{"panic": said}
}

func noBucketsAdd(path string) (bool, seen) {
	book := loaded(path, strings.Replace(oneEntry, "[7]", "[]", 1))
	said := panics(func() { must(book.AddAddress(at(2, "1.2.3.4"), at(1, "9.9.9.9"))) })
	book = loaded(path, strings.Replace(oneEntry, "[7]", "[]", 1))
	book.MarkGood(at(2, "").ID)
	return said != "", seen{"panic": said, "after_a_success": book.entries(), "selection": len(book.GetSelection())}
}

func isGoodUnknown(path string) (bool, seen) {
	said := panics(func() { open(path, true).IsGood(at(2, "1.2.3.4")) })
	return said != "", seen{"panic": said}
}

func noBucketsPick(path string) (bool, seen) {
	book := loaded(path, strings.Replace(oneEntry, "[7]", "[]", 1))
	done := make(chan bool)
	go func() {
		book.PickAddress(50)
		close(done)
	}()
	select {
	case <-done:
		return false, seen{"after_ms": 0}
	case <-time.After(time.Second):
		runtime.Gosched()
		return true, seen{"after_ms": 1000}
	}
}
