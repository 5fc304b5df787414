// SPDX-License-Identifier: EUPL-1.2

// A checker of the audit log in another language, with that language's own library for such logs:
// golang.org/x/mod/sumdb/note reads and verifies the notes, sumdb/tlog the proofs. None of our code
// is used. It reads the published files alone: for every checkpoint the signatures, for every leaf
// its inclusion, for every archived checkpoint that the log grew from it.
//
// Usage: main AUDIT-FOLDER LOG-VKEY [WITNESS-VKEY ...]
//
// Not tlog.TileHashReader: it skips checks that are ours to make. Hashes are read from the tiles
// and every proof that is made of them is checked against a signed root.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	cosignature = 0x04 // c2sp.org/tlog-cosignature: Ed25519, with a time
	width       = 256
)

// A cosigner verifies cosignature/v1 lines; sumdb/note knows only type 0x01.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a vkey")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != cosignature {
		return nil, errors.New("not an Ed25519 key for cosignatures")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the id does not belong to that name and key")
	}
	return cosigner{parts[0], hash, key[1:]}, nil
}

type checkpoint struct {
	tlog.Tree
	origin string
	signed int // by witnesses
}

func open(path string, log note.Verifier, witnesses []note.Verifier) (checkpoint, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return checkpoint{}, err
	}
	n, err := note.Open(content, note.VerifierList(append(witnesses, log)...))
	if err != nil {
		return checkpoint{}, err
	}
	signed, byLog := 0, false
	for _, one := range n.Sigs {
		if one.Hash == log.KeyHash() && one.Name == log.Name() {
			byLog = true
		} else {
			signed++
		}
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || !byLog || lines[0] != log.Name() {
		return checkpoint{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return checkpoint{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return checkpoint{}, err
	}
	return checkpoint{tlog.Tree{N: size, Hash: hash}, lines[0], signed}, nil
}

// group writes a tile's number as c2sp.org/tlog-tiles does: x001/x234/067.
func group(n int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	return path
}

func tile(dir, kind string, n, count int64) ([]byte, error) {
	path := filepath.Join(dir, "tile", kind, group(n))
	if count == width {
		return os.ReadFile(path)
	}
	content, err := os.ReadFile(filepath.Join(path+".p", strconv.FormatInt(count, 10)))
	if err != nil { // the whole one may have taken its place
		return os.ReadFile(path)
	}
	return content, nil
}

// reader gives the hashes of a tree of so many leaves from its tiles.
func reader(dir string, size int64) tlog.HashReader {
	kept := map[string][]byte{}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			row, inner := level/8, uint(level%8)
			first := n << inner
			count := (size >> (8 * uint(row))) - first/width*width
			if count > width {
				count = width
			}
			key := fmt.Sprintf("%d/%d", row, first/width)
			content, ok := kept[key]
			if !ok {
				var err error
				if content, err = tile(dir, strconv.Itoa(row), first/width, count); err != nil {
					return nil, err
				}
				kept[key] = content
			}
			hashes := []tlog.Hash{}
			for at := first % width; at < first%width+1<<inner; at++ {
				if int64(len(content)) < (at+1)*tlog.HashSize {
					return nil, fmt.Errorf("tile %s is torn", key)
				}
				var one tlog.Hash
				copy(one[:], content[at*tlog.HashSize:])
				hashes = append(hashes, one)
			}
			for len(hashes) > 1 {
				above := []tlog.Hash{}
				for at := 0; at < len(hashes); at += 2 {
					above = append(above, tlog.NodeHash(hashes[at], hashes[at+1]))
				}
				hashes = above
			}
			found[i] = hashes[0]
		}
		return found, nil
	})
}

func leaves(dir string, size int64) ([][]byte, error) {
	var all [][]byte
	for n := int64(0); n*width < size; n++ {
		count := size - n*width
		if count > width {
			count = width
		}
		content, err := tile(dir, "entries", n, count)
		if err != nil {
			return nil, err
		}
		for at := int64(0); at < count; at++ {
			if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
				return nil, fmt.Errorf("bundle %d is torn", n)
			}
			length := int(binary.BigEndian.Uint16(content))
			all = append(all, content[2:2+length])
			content = content[2+length:]
		}
	}
	return all, nil
}

func check(dir string, log note.Verifier, witnesses []note.Verifier) error {
	now, err := open(filepath.Join(dir, "checkpoint"), log, witnesses)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	read := reader(dir, now.N)
	all, err := leaves(dir, now.N)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	for index, leaf := range all {
		proof, err := tlog.ProveRecord(now.N, int64(index), read)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
		err = tlog.CheckRecord(proof, now.N, now.Hash, int64(index), tlog.RecordHash(leaf))
		if err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
	}
	names, err := os.ReadDir(filepath.Join(dir, "checkpoints"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var sizes []int64
	for _, one := range names {
		if size, err := strconv.ParseInt(one.Name(), 10, 64); err == nil {
			sizes = append(sizes, size)
		}
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	witnessed := 0
	for _, size := range sizes {
		old, err := open(filepath.Join(dir, "checkpoints", strconv.FormatInt(size, 10)), log, witnesses)
		if err != nil {
			return fmt.Errorf("checkpoints/%d: %w", size, err)
		}
		if old.N != size || size > now.N {
			return fmt.Errorf("checkpoints/%d: of another size, or beyond the log", size)
		}
		proof, err := tlog.ProveTree(now.N, old.N, read)
		if err != nil {
			return fmt.Errorf("checkpoints/%d: %w", size, err)
		}
		if err := tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("checkpoints/%d: %w", size, err)
		}
		if len(witnesses) > 0 && old.signed == len(witnesses) {
			witnessed++
		}
	}
	fmt.Printf("%s: %d leaves, each in the tree; %d archived checkpoints, each its beginning; ",
		now.origin, len(all), len(sizes))
	fmt.Printf("%d cosigned by all of %d witnesses\n", witnessed, len(witnesses))
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: main AUDIT-FOLDER LOG-VKEY [WITNESS-VKEY ...]")
		os.Exit(2)
	}
	log, err := note.NewVerifier(string(bytes.TrimSpace([]byte(os.Args[2]))))
	var witnesses []note.Verifier
	for _, vkey := range os.Args[3:] {
		if err == nil {
			var one note.Verifier
			one, err = newCosigner(vkey)
			witnesses = append(witnesses, one)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := check(os.Args[1], log, witnesses); err != nil {
		fmt.Println("NOT WHOLE:", err)
		os.Exit(1)
	}
}
