package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

// An assistant is what a coding assistant can have done: one examination at a time.
// The last reports are kept.
type assistant struct {
	own   target.Config // that the command was started with; it only reads
	reach reach
	until context.Context // that ends with the conversation
	turn  chan struct{}   // holds a token while an examination is under way

	mu      sync.Mutex
	reports []report.Report // the newest last, without the victim's data
}

func newAssistant(own target.Config, r reach) *assistant {
	return &assistant{own: own, reach: r, until: context.Background(), turn: make(chan struct{}, 1)}
}

// wait returns when no examination is under way; none can begin afterwards.
func (a *assistant) wait() { a.turn <- struct{}{} }

// examineArguments are what an examination is asked for with. What is absent is as the
// command was started with.
type examineArguments struct {
	URL     string   `json:"url,omitempty" jsonschema:"base URL of the API, such as http://127.0.0.1:5055; may be left out where a target was configured"`
	Trusted []string `json:"trusted,omitempty" jsonschema:"origins of the front ends that may read the API, such as https://app.example.com; an empty list where no other origin may"`
	Read    []string `json:"read,omitempty" jsonschema:"paths that answer the victim with private data, such as /api/me; left out, they are discovered"`
	Cookies []string `json:"cookies,omitempty" jsonschema:"the victim's cookies as the server sets them, attributes included: session=VALUE; SameSite=None; Secure"`
	Basic   string   `json:"basic,omitempty" jsonschema:"the victim's HTTP authentication, USER:PASSWORD"`
	Bearer  string   `json:"bearer,omitempty" jsonschema:"token that the trusted front end sends as Authorization: Bearer"`
	Headers []string `json:"headers,omitempty" jsonschema:"headers with a secret that the trusted front end sets, NAME: VALUE"`
	Query   []string `json:"query_keys,omitempty" jsonschema:"keys that the trusted front end adds to URLs, NAME=VALUE"`
	Label   string   `json:"label,omitempty" jsonschema:"judge only requirements with this label: an ID (WLD-001), a family (ORG), a level (must) or a credential (cookie), with && and || between"`
	Strict  bool     `json:"strict,omitempty" jsonschema:"fail on a violated SHOULD too"`
}

// The largest lists that one examination takes; more would take hours.
const (
	maxTrusted = 20
	maxReads   = 50
)

// config is the configuration of what was asked for. Its errors are for the assistant.
func (a *assistant) config(in examineArguments) (target.Config, error) {
	var c target.Config
	switch {
	case in.URL == "" && !a.own.HasTarget():
		return c, errors.New("no target was configured: give `url`, such as http://127.0.0.1:5055")
	case len(in.Trusted) > maxTrusted || len(in.Read) > maxReads:
		return c, fmt.Errorf("that is too much for one examination: give at most %d trusted origins and %d paths to read", maxTrusted, maxReads)
	case in.URL == "":
		c = a.own
	default:
		o, err := originOf(in.URL)
		if err == nil {
			err = a.reach.check(o)
		}
		if err != nil {
			return c, err
		}
		if a.reach.isOwn(o) {
			c = a.own
		} else { // of which only the call says something: it gets no credential of another
			c = target.Config{Browser: a.own.Browser, Limits: a.own.Limits}
		}
		c.URL = in.URL
		c.Override("target", "")
	}
	for _, p := range in.Read {
		if word := target.Effect(p); word != "" {
			return c, fmt.Errorf("%q is not read: its name says %q, so that a GET may have an effect. Whoever starts `crossexam mcp` can name it with --read", p, word)
		}
	}
	return c, in.override(&c)
}

// override puts what the call says in the place of what the configuration says.
func (in examineArguments) override(c *target.Config) (err error) {
	if in.Trusted != nil {
		c.Trusted = in.Trusted
		c.Override("trusted", "")
	}
	if in.Read != nil {
		c.Reads = in.Read
		c.Override("read", "")
	}
	if in.Cookies != nil {
		c.Credentials.Cookies = in.Cookies
		c.Override("credentials.cookies", "")
	}
	if in.Basic != "" {
		c.Credentials.Basic = in.Basic
		c.Override("credentials.basic", "")
	}
	if in.Bearer != "" {
		c.Credentials.Bearer = in.Bearer
		c.Override("credentials.bearer", "")
	}
	if in.Headers != nil {
		c.Credentials.Headers, err = target.ParseHeaders(in.Headers)
		c.Override("credentials.headers", "")
	}
	if in.Query != nil && err == nil {
		c.Credentials.Query, err = target.ParseQueryKeys(in.Query)
		c.Override("credentials.query", "")
	}
	return err
}

// inArguments is a sentence that names arguments of examine in the place of entries of
// the configuration. What is no argument is a flag of the command that is started.
func inArguments(sentence string) string {
	return target.InWords(sentence, func(entry string) string {
		switch entry {
		case "target":
			return "`url`"
		case "credentials.cookies", "credentials.basic", "credentials.bearer", "credentials.headers":
			return "`" + strings.TrimPrefix(entry, "credentials.") + "`"
		case "credentials.query":
			return "`query_keys`"
		case "credentials":
			return "`cookies`, `basic`, `bearer` or `headers`"
		case "safe_to_write":
			return "`safe_to_write` for `crossexam test`, since this tool lets no write through,"
		case "read", "trusted", "trusted: []":
			return ""
		}
		if flag := flagOf(entry); flag != "" {
			return "`crossexam mcp " + flag + "`"
		}
		return ""
	})
}

// A finding is what became of one requirement, at its gravest.
type finding struct {
	ID       string             `json:"id"`
	Level    scenarios.Level    `json:"level"`
	Severity scenarios.Severity `json:"severity,omitempty"`
	Title    string             `json:"title"`
	Where    string             `json:"where,omitempty"`
	Also     int                `json:"also,omitempty" jsonschema:"on how many more subjects"`
	Reason   string             `json:"reason"`
	Fix      string             `json:"fix,omitempty"`
	// Fails says that it fails the examination; a SHOULD does in a strict one only.
	Fails bool `json:"fails"`
	// WouldTell is empty where there is a verdict.
	WouldTell string `json:"would_tell,omitempty" jsonschema:"what to do so that it can be judged"`
	Cause     string `json:"cause,omitempty" jsonschema:"the cause that it falls with"`
}

// examined is what an examination comes to.
type examined struct {
	Report    string         `json:"report" jsonschema:"name of the report, for read_report"`
	Outcome   string         `json:"outcome"`
	ExitCode  int            `json:"exit_code" jsonschema:"0 conforms, 1 a MUST requirement is violated, 3 could not judge, which is not a pass"`
	Headline  string         `json:"headline"`
	Summary   report.Summary `json:"summary"`
	Diagnoses []string       `json:"diagnoses" jsonschema:"what has to be known before anything else"`
	Causes    []report.Cause `json:"causes" jsonschema:"what the target does that is behind the violations, one thing to change each"`
	Violates  []finding      `json:"violates"`
	CannotSay []finding      `json:"cannot_tell"`
	LeftOut   int            `json:"left_out" jsonschema:"causes and findings for which there was no room; read_report has them"`
}

// maxCauses is how many causes are told; who mends these has another look.
const maxCauses = 10

func (a *assistant) examine(ctx context.Context, call *mcp.CallToolRequest, in examineArguments) (*mcp.CallToolResult, examined, error) {
	config, err := a.config(in)
	if err != nil {
		return nil, examined{}, a.refusal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.until, cancel)()
	told := &calledBack{ctx: ctx, call: call, hide: report.Visible}
	select {
	case a.turn <- struct{}{}:
	default:
		told.say("waiting for another examination to end")
		select {
		case a.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, examined{}, context.Cause(ctx)
		}
	}
	defer func() { <-a.turn }()
	r, err := examineOnce(ctx, engine.Request{
		Config: config,
		Select: func(plan engine.Plan) (engine.Plan, error) { return suite.Select(plan, in.Label) },
		Strict: in.Strict,
	}, told)
	if err == nil && ctx.Err() != nil {
		err = errors.New("the examination was cancelled") // nobody may take it for one
	}
	if err != nil {
		return nil, examined{}, a.refusal(err)
	}
	a.keep(r)
	return said(summaryText(r)), summaryOf(r), nil
}

// examineOnce is one examination, with the report that an assistant gets. Its error is
// about the request.
func examineOnce(ctx context.Context, request engine.Request, told *calledBack) (report.Report, error) {
	request.Hooks = engine.Hooks{Begin: told.begin, Progress: told.at}
	x, err := engine.NewExamination(ctx, request)
	if err != nil {
		return report.Report{}, err
	}
	defer x.Close()
	told.hide = hidingOf(x.Deployment().Secrets())
	if err := x.Run(ctx); err != nil && x.Record().Fault == nil {
		return report.Report{}, told.hide.from(err)
	}
	record := x.End()
	known := meta(x.Deployment(), record)
	known.InWords = inArguments
	return report.New(record, known).WithoutData(), nil
}

// refusal is an error in the words of the tool, on one screen.
func (a *assistant) refusal(err error) error {
	return errors.New(clip(report.Visible(inArguments(err.Error())), 2<<10))
}

// keep remembers a report, and forgets the oldest where there are many.
func (a *assistant) keep(r report.Report) {
	const most = 8
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reports = append(a.reports, r)
	if n := len(a.reports) - most; n > 0 {
		a.reports = slices.Delete(a.reports, 0, n)
	}
}

// summaryText is a report as the command prints it.
func summaryText(r report.Report) string {
	var b strings.Builder
	_ = report.Text(&b, r, report.TextOptions{Width: 100, More: "read_report shows each"}) // no writer to fail
	return fmt.Sprintf("%sReport: %s\n", b.String(), r.Run.Name)
}

// summaryOf is the same as values.
func summaryOf(r report.Report) examined {
	e := examined{
		Report: r.Run.Name, Outcome: report.ExitMeaning(r.ExitCode()), ExitCode: r.ExitCode(), Headline: r.Headline(), Summary: r.Summary,
		Diagnoses: []string{}, Causes: r.Causes[:min(len(r.Causes), maxCauses)], LeftOut: max(0, len(r.Causes)-maxCauses),
	}
	for _, d := range r.Diagnoses {
		e.Diagnoses = append(e.Diagnoses, clip(d.Detail+". "+d.Advice, 1<<10))
	}
	room, more, still := maxText, 0, 0
	e.Violates, more = findings(r, scenarios.Violates, &room)
	e.CannotSay, still = findings(r, scenarios.CannotTell, &room)
	e.LeftOut += more + still
	return e
}

// findings are the results with a verdict, one for each requirement, those first that
// fail the examination; for as many as there is room, in bytes.
func findings(r report.Report, verdict scenarios.Verdict, room *int) (list []finding, leftOut int) {
	list = []finding{}
	for _, fails := range []bool{true, false} {
		at := map[string]int{}
		for _, c := range r.Results {
			if c.Verdict != verdict || c.Fails != fails {
				continue
			}
			if i, seen := at[c.ID]; seen {
				list[i].Also++
				continue
			}
			f := finding{
				ID: c.ID, Level: c.Level, Severity: c.Severity, Title: c.Title, Where: clip(c.Subject.String(), 512), Reason: clip(c.Reason, 1<<10),
				Fix: clip(c.Fix, 1<<10), Fails: c.Fails, Cause: c.Cause, WouldTell: c.WouldTell,
			}
			encoded, err := json.Marshal(f)
			if err != nil || len(encoded) > *room {
				leftOut++
				continue
			}
			*room -= len(encoded)
			at[c.ID] = len(list)
			list = append(list, f)
		}
	}
	return list, leftOut
}

// clip is a text of at most limit bytes.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// calledBack tells a client how far its call is, where it asked for that.
type calledBack struct {
	ctx  context.Context
	call *mcp.CallToolRequest
	last float64 // what was told; it has to grow
	of   float64
	hide hiding
}

func (t *calledBack) begin(s engine.Step) { t.say(stepSentence(s)) }

func (t *calledBack) at(p engine.Progress) {
	t.of = float64(p.Of)
	t.last = max(t.last, float64(p.Attempts))
	t.say(fmt.Sprintf("%d/%d attempts, %s: %s", p.Attempts, p.Of, p.Scenario, p.Doing))
}

func (t *calledBack) say(what string) {
	token := t.call.Params.GetProgressToken()
	if token == nil || what == "" {
		return
	}
	t.last += 0.001
	// A client that is gone ends the call by itself.
	_ = t.call.Session.NotifyProgress(t.ctx, &mcp.ProgressNotificationParams{
		ProgressToken: token, Message: clip(t.hide(what), 512), Progress: t.last, Total: t.of,
	})
}
