package recording

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// zipped makes a zip of files, each a name and its content, in their order.
func zipped(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const attachedHAR = `{"log":{"entries":[
 {"request":{"method":"POST","url":"https://a.example/login","postData":{"mimeType":"application/json","text":"","_file":"b.json"}},"response":{"status":200}},
 {"_resourceType":"websocket","request":{"method":"GET","url":"wss://a.example/live"},"response":{"status":101,"content":{"_file":"m.jsonl"}}}]}}`

// A body that stands beside the file is the request's, and so are messages.
func TestReadArchive(t *testing.T) {
	messages := `{"type":"send","opcode":1,"data":"hello"}` + "\n" + `{"type":"receive","opcode":1,"data":"x"}` + "\n" + `{"type":"send","opcode":1,"data":"again"}` + "\n"
	for name, c := range map[string]struct {
		files []string
		body  string
		left  bool
		sent  string
	}{
		"whole":              {[]string{"har.har", attachedHAR, "b.json", `{"a":1}`, "m.jsonl", messages}, `{"a":1}`, false, "hello again"},
		"bodies before it":   {[]string{"b.json", `{"a":1}`, "m.jsonl", messages, "har.har", attachedHAR}, `{"a":1}`, false, "hello again"},
		"without its bodies": {[]string{"har.har", attachedHAR}, "", true, ""},
		"a cut message":      {[]string{"har.har", attachedHAR, "m.jsonl", messages[:60]}, "", true, "hello"},
	} {
		r, err := ReadHAR(bytes.NewReader(zipped(t, c.files...)))
		if err != nil || len(r.Requests) != 2 {
			t.Errorf("%s: %v, %+v", name, err, r.Requests)
			continue
		}
		if q, s := r.Requests[0], r.Requests[1]; q.Body != c.body || q.BodyLeftOut != c.left || strings.Join(s.Sent, " ") != c.sent {
			t.Errorf("%s: the body is %q, left out %t; sent %q", name, q.Body, q.BodyLeftOut, s.Sent)
		}
	}
}

func TestReadArchiveErrors(t *testing.T) {
	whole := zipped(t, "har.har", attachedHAR)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"no HAR file in it": {zipped(t, "a.json", "{}"), "a zip file without a HAR file in it"},
		"two of them":       {zipped(t, "a.har", "{}", "b.har", "{}"), `more than one HAR file in it, "a.har" and "b.har"`},
		"cut":               {whole[:len(whole)/2], "it is no whole zip file"},
		"another content":   {zipped(t, "har.har", "<html>"), "it is no HAR file: near byte"},
		"too large":         {append([]byte("PK\x03\x04"), make([]byte, archiveLimit)...), "larger than"},
	} {
		if _, err := ReadHAR(bytes.NewReader(c.data)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Small archives with much in them are read as far as the limits go.
func TestReadArchiveOfBombs(t *testing.T) {
	var entries, files []string
	for i := range 40 {
		name := fmt.Sprintf("%d.json", i)
		entries = append(entries, `{"request":{"method":"POST","url":"https://a.example/","postData":{"_file":"`+name+`"}},"response":{"status":200}}`)
		files = append(files, name, strings.Repeat("x", 2*textLimit))
	}
	r, err := ReadHAR(bytes.NewReader(zipped(t, append(files, "har.har", `{"log":{"entries":[`+strings.Join(entries, ",")+`]}}`)...)))
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, q := range r.Requests {
		size += len(q.Body)
	}
	if size != attachedLimit {
		t.Errorf("%d bytes of bodies", size)
	}
}
