// The least that a program without any runtime needs for what a bench measures.
//
//	native ping URL CA CREDENTIALS    one request over TLS that the server itself answers
//	native files LIST                 reads, hashes and compares: a line "sha256 path" for each file
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
)

func main() {
	var err error
	switch arguments := os.Args[1:]; {
	case len(arguments) == 4 && arguments[0] == "ping":
		err = ping(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 2 && arguments[0] == "files":
		err = compareFiles(arguments[1])
	default:
		err = fmt.Errorf("usage: native ping URL CA CREDENTIALS | native files LIST")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ping logs in as any user does, and asks what the server answers at once: its least round trip.
func ping(server, caFile, credentialsFile string) error {
	user, err := readCredentials(credentialsFile)
	if err != nil {
		return err
	}
	connection, err := dial(server, caFile)
	if err != nil {
		return err
	}
	defer connection.Close()
	lines := bufio.NewReader(connection)
	info, err := lines.ReadString('\n')
	if err != nil {
		return err
	}
	connect, err := user.connect(info)
	if err != nil {
		return err
	}
	fmt.Fprintf(connection, "CONNECT %s\r\nPING\r\n", connect)
	for {
		line, err := lines.ReadString('\n')
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(line, "-ERR"):
			return fmt.Errorf("the server says %s", strings.TrimSpace(line))
		case strings.HasPrefix(line, "PONG"):
			return nil
		}
	}
}

// dial begins with TLS: the server asks for it before it says anything.
func dial(server, caFile string) (*tls.Conn, error) {
	address, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return tls.Dial("tcp", address.Host, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13})
}

type credentials struct {
	jwt string
	key ed25519.PrivateKey
}

var (
	jwtBlock = regexp.MustCompile(`(?s)BEGIN NATS USER JWT-+\s+(\S+)`)
	seedLine = regexp.MustCompile(`(?m)^SU[A-Z2-7]{56}$`)
)

func readCredentials(path string) (*credentials, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, seed := jwtBlock.FindSubmatch(text), seedLine.Find(text)
	if block == nil || seed == nil {
		return nil, fmt.Errorf("%s holds no credentials", path)
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(seed))
	if err != nil {
		return nil, err
	}
	// Two bytes of kind, the seed, two bytes of checksum.
	return &credentials{string(block[1]), ed25519.NewKeyFromSeed(raw[2:34])}, nil
}

func (user *credentials) connect(info string) ([]byte, error) {
	var said struct {
		Nonce string `json:"nonce"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(info, "INFO ")), &said); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"verbose":      false,
		"tls_required": true,
		"protocol":     1,
		"lang":         "go",
		"version":      "1",
		"jwt":          user.jwt,
		"sig":          base64.RawURLEncoding.EncodeToString(ed25519.Sign(user.key, []byte(said.Nonce))),
	})
}

func compareFiles(list string) error {
	lines, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	for _, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
		wanted, path, _ := strings.Cut(string(line), " ")
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != wanted {
			return fmt.Errorf("%s has other content", path)
		}
	}
	return nil
}
