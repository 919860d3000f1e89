package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/fixtures/stacks/deployments"
)

var wholeDocs = flag.Bool("docs", false, "have TestDocumentedCommands run the examinations that the documentation shows too, which takes minutes")

// Every command in a block that is marked `console` in README.md and docs is run, and
// what it prints is what stands there. Examinations are left to -docs (make docs-test).
func TestDocumentedCommands(t *testing.T) {
	ran := 0
	for _, page := range documentation(t) {
		blocks := readPage(t, page).blocks
		blocks = slices.DeleteFunc(blocks, func(b docBlock) bool { return b.slow && !*wholeDocs })
		if len(blocks) == 0 {
			continue
		}
		ran += len(blocks)
		t.Run(page, func(t *testing.T) {
			if slices.ContainsFunc(blocks, func(b docBlock) bool { return b.slow }) {
				browsertest.Needed(t)
			}
			reader := newReader(t)
			for _, b := range blocks {
				reader.follow(t, b)
			}
		})
	}
	if ran < 5 {
		t.Errorf("only %d blocks were run", ran)
	}
}

// Blocks that no test can run as they stand, since they install something or name a
// deployment of the reader's, have flags, commands and make goals that exist.
func TestDocumentedFlags(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, page := range documentation(t) {
		for _, l := range readPage(t, page).lines {
			line, _, _ := strings.Cut(strings.TrimPrefix(l.text, "$ "), " # ")
			line = strings.TrimSpace(line)
			for {
				assignment := regexp.MustCompile(`^[A-Z_]+=('[^']*'|\S*) +`).FindString(line)
				if assignment == "" {
					break
				}
				line = line[len(assignment):]
			}
			words := strings.Fields(line)
			if len(words) < 2 {
				continue
			}
			switch filepath.Base(words[0]) {
			case "make":
				held++
				if goal := words[1]; !strings.Contains(goal, "=") && !strings.Contains(string(makefile), "\n"+goal+":") {
					t.Errorf("%s:%d: make has no goal %s", page, l.number, goal)
				}
			case "crossexam":
				held++
				command := regexp.MustCompile(`[|>&;].*$`).ReplaceAllString(line[len(words[0]):], "")
				out, err := exec.CommandContext(t.Context(), "sh", "-c", fmt.Sprintf("exec %q %s --help", binary, command)).CombinedOutput()
				if err != nil || !bytes.Contains(out, []byte("crossexam "+words[1])) {
					t.Errorf("%s:%d: %s: %v\n%s", page, l.number, line, err, out)
				}
			}
		}
	}
	if held < 20 {
		t.Errorf("only %d lines were looked at", held)
	}
}

// Every command stands in docs/commands.md.
func TestDocumentedCommandsAreAll(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root(t), "docs/commands.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(crossexam(t, nil, "help").stdout, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	commands := strings.Split(list, "\n")
	if len(commands) < 10 {
		t.Fatalf("%q", commands)
	}
	for _, line := range commands {
		if name := strings.Fields(line)[0]; name != "help" && !bytes.Contains(page, []byte("`crossexam "+name)) {
			t.Errorf("docs/commands.md says nothing of crossexam %s", name)
		}
	}
}

// documentation lists README.md and the pages of docs, from the project's root.
func documentation(t *testing.T) []string {
	t.Helper()
	pages := []string{"README.md"}
	err := filepath.WalkDir(filepath.Join(root(t), "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" && filepath.Base(filepath.Dir(path)) != "decisions" {
			path, err = filepath.Rel(root(t), path)
			pages = append(pages, path)
		}
		return err
	})
	if err != nil || len(pages) < 5 {
		t.Fatalf("%v, %v", pages, err)
	}
	return pages
}

// docPage is what a page of the documentation has for the tests.
type docPage struct {
	blocks []docBlock // that are run
	lines  []docLine  // of all others; one that goes on after a backslash is one
}

type docLine struct {
	number int
	text   string
}

// docBlock is a block that is run. Comments before it, which no reader sees, say what
// it needs: that it examines ("slow"), a server ("server WHAT at URL ENVIRONMENT..."),
// a file that another block shows ("file NAME", before that block), and the exit code
// of its last command ("exit N"; it is 0 otherwise, or what is printed).
type docBlock struct {
	where    string
	commands []docCommand
	servers  []string
	files    map[string]string
	slow     bool
	exit     int
}

type docCommand struct {
	text string
	want []string
}

var (
	comment  = regexp.MustCompile(`^<!-- (slow|server|file|exit)\b ?(.*?) -->$`)
	fence    = regexp.MustCompile("^( *)```+ *([^ ]*)$")
	exitCode = regexp.MustCompile(`^Exit code (\d)`)
)

func readPage(t *testing.T, page string) docPage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), page))
	if err != nil {
		t.Fatal(err)
	}
	var p docPage
	next := docBlock{files: map[string]string{}}
	file, kind, indent, inside := "", "", "", false
	for i, line := range strings.Split(string(text), "\n") {
		where := fmt.Sprintf("%s:%d", page, i+1)
		if m := comment.FindStringSubmatch(line); m != nil && !inside {
			switch m[1] {
			case "slow":
				next.slow = true
			case "server":
				next.servers = append(next.servers, m[2])
			case "file":
				file = m[2]
			case "exit":
				if next.exit, err = strconv.Atoi(m[2]); err != nil {
					t.Fatalf("%s: %v", where, err)
				}
			}
			continue
		}
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && !inside:
			inside, indent, kind = true, m[1], m[2]
			next.where = where
		case m != nil:
			if kind == "console" {
				if len(next.commands) == 0 {
					t.Errorf("%s: no line of the block begins with $", next.where)
				}
				p.blocks = append(p.blocks, next)
				next = docBlock{files: map[string]string{}}
			}
			inside, file = false, ""
		case !inside:
		default:
			line = strings.TrimPrefix(line, indent)
			command, found := strings.CutPrefix(line, "$ ")
			switch {
			case file != "":
				next.files[file] += line + "\n"
			case kind != "console":
				if n := len(p.lines) - 1; n >= 0 && strings.HasSuffix(p.lines[n].text, `\`) {
					p.lines[n].text = strings.TrimSuffix(p.lines[n].text, `\`) + strings.TrimSpace(line)
				} else {
					p.lines = append(p.lines, docLine{i + 1, line})
				}
			case found:
				next.commands = append(next.commands, docCommand{text: command})
			case len(next.commands) == 0:
				t.Errorf("%s: %q stands before any command", where, line)
			default:
				last := &next.commands[len(next.commands)-1]
				if len(last.want) == 0 && strings.HasSuffix(last.text, `\`) {
					last.text += "\n" + line
				} else {
					last.want = append(last.want, line)
				}
			}
		}
	}
	if inside || len(next.servers) > 0 || len(next.files) > 0 || next.slow {
		t.Errorf("%s ends before what it began: an open block, or comments with no block to run after them", page)
	}
	return p
}

// reader follows a page: a folder that keeps what its commands write, and the servers
// that run at the addresses of the page, though elsewhere.
type reader struct {
	dir     string
	servers map[string]string // by the address on the page, where it is
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{dir: t.TempDir(), servers: map[string]string{}}
	err := os.Mkdir(filepath.Join(r.dir, "bin"), 0o755)
	if err == nil {
		err = os.Symlink(binary, filepath.Join(r.dir, "bin/crossexam"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) follow(t *testing.T, b docBlock) {
	t.Helper()
	for name, text := range b.files {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range b.servers {
		r.serve(t, b.where, strings.Fields(words))
	}
	var there, back []string
	for shown, real := range r.servers {
		there, back = append(there, shown, real), append(back, real, shown, real[strings.LastIndex(real, ":"):], shown[strings.LastIndex(shown, ":"):])
	}
	// A shell for the whole block, since one command can set what the next one uses.
	const mark = "\x1e"
	var script strings.Builder
	for _, c := range b.commands {
		fmt.Fprintf(&script, "%s\nprintf '%s%%s%s' $?\n", strings.NewReplacer(there...).Replace(c.text), mark, mark)
	}
	c := exec.CommandContext(t.Context(), "sh", "-c", script.String())
	c.Dir = r.dir
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "CROSSEXAM_") && !strings.HasPrefix(v, "CROSSEXAM_BROWSER=")
	}), "PATH="+filepath.Join(r.dir, "bin")+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	parts := strings.Split(strings.NewReplacer(back...).Replace(string(out)), mark)
	if len(parts) != 2*len(b.commands)+1 {
		t.Fatalf("%s: the shell ended early:\n%s", b.where, out)
	}
	for i, c := range b.commands {
		got, code := parts[2*i], parts[2*i+1]
		t.Logf("%s: $ %s\n%s", b.where, c.text, got)
		want := "0"
		if i == len(b.commands)-1 {
			want = strconv.Itoa(b.exit)
		}
		for _, line := range c.want {
			if m := exitCode.FindStringSubmatch(line); m != nil {
				want = m[1]
			}
		}
		if code != want {
			t.Errorf("%s: exit code %s, want %s", b.where, code, want)
		} else if missing := unlike(strings.Split(strings.TrimRight(got, "\n"), "\n"), c.want); missing != "" {
			t.Errorf("%s: it does not print %q where the page has that", b.where, missing)
		}
	}
}

// duration is what differs from run to run.
var duration = regexp.MustCompile(`\b\d+(\.\d+)? m?s\b`)

// unlike gives the first line of a page that a command does not print where it stands.
// A line [...] stands for any lines, and [...] within one for any text. A page that shows no
// output leaves it out.
func unlike(got, want []string) string {
	if len(want) == 0 {
		return ""
	}
	for i, line := range got {
		got[i] = strings.TrimRight(duration.ReplaceAllString(line, "N s"), " \r")
	}
	at, anywhere := 0, false
	for i := 0; i < len(want); i++ {
		if want[i] == "[...]" {
			anywhere = true
			continue
		}
		end := i
		for end < len(want) && want[end] != "[...]" {
			end++
		}
		found := at
		for !likeAll(got[min(found, len(got)):], want[i:end]) {
			if !anywhere || found >= len(got) {
				return firstUnlike(got[min(at, len(got)):], want[i:end], anywhere)
			}
			found++
		}
		at, anywhere, i = found+end-i, false, end-1
	}
	if at < len(got) && !anywhere {
		return "(nothing more)"
	}
	return ""
}

// firstUnlike names the line of a part that is missing: the first one that is nowhere,
// or that follows on no other.
func firstUnlike(got, want []string, anywhere bool) string {
	for i, w := range want {
		switch {
		case !anywhere && (i >= len(got) || !like(got[i], w)):
			return w
		case anywhere && !slices.ContainsFunc(got, func(g string) bool { return like(g, w) }):
			return w
		}
	}
	return strings.Join(want, "\n")
}

func likeAll(got, want []string) bool {
	return len(got) >= len(want) && slices.EqualFunc(got[:len(want)], want, like)
}

func like(got, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(duration.ReplaceAllString(want, "N s")), `\[\.\.\.\]`, ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}

func TestUnlike(t *testing.T) {
	for _, c := range []struct{ got, want, missing string }{
		{"a\nb", "a\nb", ""},
		{"a\nb", "a", "(nothing more)"},
		{"a\nb", "a\n[...]", ""},
		{"a", "a\nb", "b"},
		{"a\nb\nc", "[...]\nb\n[...]", ""},
		{"a\nb\nc", "[...]\nb", "(nothing more)"},
		{"a\nb\nc", "a\n[...]\nd", "d"},
		{"a\nb\nx\nb\nc", "[...]\nb\nc", ""},
		{"took 1.5 s of it", "took 20.1 s of it", ""},
		{"run 7a3f ended", "run [...] ended", ""},
		{"run 7a3f broke", "run [...] ended", "run [...] ended"},
		{"a.c", "abc", "abc"},
	} {
		if missing := unlike(strings.Split(c.got, "\n"), strings.Split(c.want, "\n")); missing != c.missing {
			t.Errorf("%q like %q: %q, want %q", c.got, c.want, missing, c.missing)
		}
	}
}

// documentedSession is the victim's, in the pages that give it by value.
const documentedSession = "6f1a2c9e"

// serve starts what a comment names: a stack of fixtures/stacks ("stack NAME VARIANT", with
// "open" in its environment where nobody logs in), the notebook API ("notebook POLICY"), or one of the servers of docs/guide.md, with what stands
// in its environment; nginx is given the address of what it stands in front of, and a line.
func (r *reader) serve(t *testing.T, where string, words []string) {
	t.Helper()
	at := slices.Index(words, "at")
	if at < 1 || at+1 >= len(words) {
		t.Fatalf("%s: server WHAT at URL ENVIRONMENT..., not %q", where, words)
	}
	what, url, more := words[:at], words[at+1], words[at+2:]
	var addr string
	switch what[0] {
	case "stack":
		session := documentedSession
		if slices.Contains(more, "open") {
			session = ""
		}
		addr = startStack(t, what[1], what[2], session)
	case "notebook":
		policy, known := fixtures.PolicyNamed(what[1])
		if !known {
			t.Fatalf("%s: no policy %s", where, what[1])
		}
		n := fixtures.Notebook{Policy: policy, Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")}}
		addr = strings.TrimPrefix(serve(t, n.Handler().ServeHTTP), "http://")
	case "graphql":
		addr = strings.TrimPrefix(serve(t, documentedGraphQL), "http://")
	case "fastapi":
		addr = python(t, more...)
	case "express":
		addr = node(t, more...)
	case "plaingo":
		addr = plainGo(t, more...)
	case "nginx":
		addr = behindNginx(t, strings.TrimPrefix(r.servers[more[0]], "http://"), strings.Join(more[1:], " "))
	default:
		t.Fatalf("%s: there is no server %s", where, what[0])
	}
	if strings.HasPrefix(url, "http://localhost") {
		addr = strings.Replace(addr, "127.0.0.1", "localhost", 1)
	}
	r.servers[url] = "http://" + addr
}

func startStack(t *testing.T, name, variant, session string) string {
	t.Helper()
	all, err := deployments.Load(root(t))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s deployments.Stack) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no stack %s", name)
	}
	releases := all[i].AllReleases()
	server, err := all[i].Start(t.Context(), all, deployments.Setting{Release: releases[len(releases)-1], Variant: variant, Session: session, Logs: t.TempDir()})
	if errors.Is(err, deployments.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skipf("%v", err) // make test installs it, and CI requires it
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return strings.TrimPrefix(server.URL(), "http://")
}

// documentedGraphQL is an API with one address, which tells the user of a session who they
// are, under a policy that echoes.
func documentedGraphQL(w http.ResponseWriter, q *http.Request) {
	if origin := q.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Vary", "Origin")
	}
	w.Header().Set("Content-Type", "application/json")
	session, err := q.Cookie("session")
	switch {
	case q.URL.Path != "/graphql":
		http.NotFound(w, q)
	case q.Method == http.MethodOptions:
	case q.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case err != nil || session.Value != documentedSession:
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintln(w, `{"errors":[{"message":"sign in first"}]}`)
	default:
		fmt.Fprintln(w, `{"data":{"me":{"email":"alice@example.com"}}}`)
	}
}
