// SPDX-License-Identifier: EUPL-1.2

// A verifier of tlog-proofs (c2sp.org/tlog-proof) in another language, with that language's own
// library: golang.org/x/mod/sumdb/note opens the checkpoint in each proof, sumdb/tlog checks the
// proof. None of our code is used.
//
// Usage: main LEAVES PROOFS LOG-VKEY
//
// LEAVES holds <index>.json, the bytes of a leaf; PROOFS holds <index>.tlog-proof.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(proof, leaf []byte, known note.Verifiers) (int64, int64, error) {
	above, checkpoint, found := bytes.Cut(proof, []byte("\n\n"))
	lines := strings.Split(string(above), "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, 0, fmt.Errorf("not a tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return 0, 0, fmt.Errorf("no index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return 0, 0, err
	}
	var path tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, 0, err
		}
		path = append(path, hash)
	}
	opened, err := note.Open(checkpoint, known)
	if err != nil {
		return 0, 0, err
	}
	said := strings.Split(opened.Text, "\n")
	if len(said) != 4 || said[0] != opened.Sigs[0].Name {
		return 0, 0, fmt.Errorf("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(said[1], 10, 64)
	if err != nil {
		return 0, 0, err
	}
	raw, err := base64.StdEncoding.DecodeString(said[2])
	if err != nil || len(raw) != tlog.HashSize {
		return 0, 0, fmt.Errorf("no root")
	}
	var root tlog.Hash
	copy(root[:], raw)
	return index, size, tlog.CheckRecord(path, size, root, index, tlog.RecordHash(leaf))
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: main LEAVES PROOFS LOG-VKEY")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	proofs, _ := filepath.Glob(filepath.Join(os.Args[2], "*.tlog-proof"))
	bad := len(proofs) == 0
	for _, path := range proofs {
		stem := strings.TrimSuffix(filepath.Base(path), ".tlog-proof")
		leaf, err := os.ReadFile(filepath.Join(os.Args[1], stem+".json"))
		proof, other := os.ReadFile(path)
		if err == nil {
			err = other
		}
		if err == nil {
			var index, size int64
			index, size, err = check(proof, leaf, note.VerifierList(verifier))
			if err == nil && strconv.FormatInt(index, 10) != stem {
				err = fmt.Errorf("it is the proof of leaf %d", index)
			}
			if err == nil {
				fmt.Printf("leaf %d is in the log of %d leaves\n", index, size)
			}
		}
		if err != nil {
			fmt.Printf("BAD %s: %v\n", path, err)
			bad = true
		}
	}
	if bad {
		os.Exit(1)
	}
}
