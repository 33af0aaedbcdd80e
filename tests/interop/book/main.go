// Command gobook shows how the address book of CometBFT v0.38.17 behaves, by running it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	_ "time/tzdata" // so that TZ means the same wherever this runs
)

const usage = `usage: gobook write [-lax] [-banned] N SEED FILE   write a book of about N addresses
       gobook read [-lax] FILE [OUT]              load a book, tell what is in it, save it to OUT
       gobook vectors DIR                         write the vectors that the crate is tested with
       gobook facts                               run what is claimed of the book; tell what was seen
       gobook bench N                             time a book of N addresses
`

func main() {
	if len(os.Args) < 2 {
		die()
	}
	set := flag.NewFlagSet("gobook", flag.ExitOnError)
	set.Usage = die
	lax := set.Bool("lax", false, "take addresses that are not routable")
	banned := set.Bool("banned", false, "ban most of the addresses")
	must(set.Parse(os.Args[2:]))
	args := set.Args()
	switch command := os.Args[1]; {
	case command == "write" && len(args) == 3:
		write(number(args[0]), args[1], args[2], !*lax, *banned)
	case command == "read" && (len(args) == 1 || len(args) == 2):
		read(args, !*lax)
	case command == "vectors" && len(args) == 1:
		vectors(args[0])
	case command == "facts" && len(args) == 0:
		facts()
	case command == "bench" && len(args) == 1:
		bench(number(args[0]))
	default:
		die()
	}
}

func read(args []string, strict bool) {
	_, err := os.Stat(args[0]) // the loader takes a missing file for an empty book
	must(err)
	book := open(args[0], strict)
	must(book.load(args[0]))
	say(struct {
		counts
		Key       string  `json:"key"`
		Addresses []entry `json:"addresses"`
	}{book.counts(), book.key(), book.entries()})
	if len(args) == 2 {
		book.save(args[1])
		_, err := os.Stat(args[1]) // saving only logs its errors
		must(err)
	}
}

func say(what any) {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(what))
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	must(err)
	if n < 0 {
		die()
	}
	return n
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gobook:", err)
		os.Exit(1)
	}
}

func die() {
	fmt.Fprint(os.Stderr, usage)
	os.Exit(2)
}
