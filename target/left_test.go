package target

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// What nobody has looked at is told, and where it is most of what is private.
func TestUnseen(t *testing.T) {
	for name, c := range map[string]struct {
		config   Config
		statuses string // PATH=STATUS, of reads behind a login
		examined int
		left     string
		most     bool
	}{
		"all examined":     {Config{}, "/orders=200 /notes=200", 2, "", false},
		"one by its name":  {Config{}, "/orders=200 /notes=200 /report/run=200", 2, "GET /report/run", false},
		"all by its name":  {Config{}, "/report/run=200", 0, "GET /report/run", true},
		"most by its name": {Config{}, "/notes=200 /report/run=200 /report/send=200", 1, "GET /report/run, GET /report/send", true},
		"excluded":         {Config{Exclude: []string{"/orders"}}, "/orders=200", 0, "GET /orders", true},
		"refused":          {Config{}, "/orders=403 /notes=500", 0, "GET /notes, GET /orders", true},
		"gone":             {Config{}, "/orders=410 /notes=200", 1, "", false},
		"one of many":      {Config{}, "/a/{id}=200 /b/{id}=200 /notes=200", 1, "", false},
	} {
		var items []string
		replies := map[string]int{}
		for pair := range strings.FieldsSeq(c.statuses) {
			path, status, _ := strings.Cut(pair, "=")
			items = append(items, fmt.Sprintf(`%q: {"get": {"security": [{"b": []}], "responses": {"200": {"description": ""}}}}`, path))
			n, err := strconv.Atoi(status)
			if err != nil {
				t.Fatal(err)
			}
			replies["GET "+path] = n
		}
		api := &documented{doc: `{"openapi": "3.1.0", "paths": {` + strings.Join(items, ",") + `}}`, replies: replies}
		c.config.URL, c.config.Credentials.Bearer = api.serve(t), "tok"
		_, found, err := c.config.discover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		u := found.Unseen()
		if got := firstOf(u.Left); u.examined != c.examined || got != c.left || u.Most() != c.most || (u.String() == "") != (c.left == "") {
			t.Errorf("%s: %d examined, left %q, most %t, %q", name, u.examined, got, u.Most(), u)
		}
	}
}
