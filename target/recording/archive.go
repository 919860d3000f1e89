package recording

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// archiveLimit bounds an archive, in bytes. It has to be in memory, since what is in
	// it stands at its end.
	archiveLimit = 64 << 20
	// attachedLimit bounds what is read of the bodies in an archive, in bytes.
	attachedLimit = 16 << 20
)

func isZip(in *bufio.Reader) bool {
	mark, err := in.Peek(4)
	return err == nil && string(mark) == "PK\x03\x04"
}

// readArchive reads the zip that Playwright writes where the name of its recording ends
// with .zip: the HAR file, and the bodies of requests and answers as files of their own.
func readArchive(r io.Reader) (Recording, error) {
	data, err := io.ReadAll(newBounded(r, archiveLimit))
	if err != nil {
		return Recording{}, err
	}
	files, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return Recording{}, fmt.Errorf("it is no whole zip file: %w", err)
	}
	var har *zip.File
	attached := archive{files: map[string]*zip.File{}, left: attachedLimit}
	for _, f := range files.File {
		switch {
		case !strings.HasSuffix(f.Name, ".har"):
			attached.files[f.Name] = f
		case har != nil:
			return Recording{}, fmt.Errorf("it is a zip file with more than one HAR file in it, %.80q and %.80q: give one of them", har.Name, f.Name)
		default:
			har = f
		}
	}
	if har == nil {
		return Recording{}, errors.New("it is a zip file without a HAR file in it")
	}
	in, err := har.Open()
	if err != nil {
		return Recording{}, fmt.Errorf("%.80q in the zip file cannot be read: %w", har.Name, err)
	}
	defer in.Close()
	return readHAR(bufio.NewReader(newBounded(in, sizeLimit)), attached.read)
}

// attachments gives the content of a file beside a HAR file, or an empty text.
type attachments func(name string) string

// An archive is what stands beside a HAR file in a zip.
type archive struct {
	files map[string]*zip.File
	left  int64 // bytes that may still be read
}

func (a *archive) read(name string) string {
	f := a.files[name]
	if f == nil {
		return ""
	}
	in, err := f.Open()
	if err != nil {
		return ""
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, min(a.left, textLimit)))
	a.left -= int64(len(data))
	if err != nil { // part of a body is none
		return ""
	}
	return string(data)
}

// attach puts into an entry what stands beside the file.
func (e *harEntry) attach(file attachments) {
	if file == nil {
		return
	}
	if post := e.Request.PostData; post != nil && post.File != "" {
		post.Text = file(post.File)
	}
	// The messages of a WebSocket are one on a line.
	if name := e.Response.Content.File; e.ResourceType == "websocket" && strings.HasSuffix(name, ".jsonl") {
		lines := json.NewDecoder(strings.NewReader(file(name)))
		for {
			var m harMessage
			if lines.Decode(&m) != nil {
				return
			}
			e.Messages = append(e.Messages, m)
		}
	}
}
