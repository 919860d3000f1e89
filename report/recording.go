package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report/internal/alert"
	"github.com/crossexam/crossexam/scenarios"
)

// recordingVersion names the contract of recording.json.
const recordingVersion = "crossexam/recording/v1"

// A Recording is what a run observed, without secrets: what 'crossexam judge' comes to
// verdicts from without a browser. Its target and its observations are encoded as in
// the recordings that the judges' own tests replay.
type Recording struct {
	Schema  string    `json:"schema"`
	Tool    Tool      `json:"tool"` // that recorded it
	Run     string    `json:"run"`  // the name of the run, as in its report
	Started time.Time `json:"started"`
	// Unsure are the cases that come to another verdict on the recording than in the
	// run: it depends on a secret that is not in it, or on what was too long for it.
	Unsure []Case `json:"unsure"`
	scenarios.Recording
}

// What bounds a recording.
const (
	// recordedBytes caps the observations of a recording, as JSON has them.
	recordedBytes = 5 << 20
	// maxObservations and maxEndpoints cap what is read of one: the work of planning
	// grows with them.
	maxObservations = 20_000
	maxEndpoints    = 2_000
	maxOthers       = 100 // trusted origins, credentials, error recipes and the like, of each
)

// NewRecording makes the recording of a record. What [New] takes out of a report is
// taken out of it too. Judges look at it once here, so that it says itself which
// verdicts cannot be reached from it.
func NewRecording(record engine.Record, meta Meta) (Recording, error) {
	x := &recorder{redactor: newRedactor(collect(record, meta.Secrets)), seen: map[string]string{}}
	r := Recording{
		Schema: recordingVersion, Tool: Tool{Version: meta.Version, Commit: meta.Commit}, Run: record.Run, Started: record.Started.UTC().Truncate(time.Millisecond),
		Unsure: []Case{}, Recording: scenarios.Recording{Observations: []scenarios.Observation{}},
	}
	if x.tooMany || !x.target(record.Target, &r.Target) {
		// Nothing can be judged again, and each case says so.
		r.Target = scenarios.Target{}
	} else {
		r.Observations = append(r.Observations, x.observations(record)...)
	}
	// As a reader finds it.
	text, err := json.Marshal(r)
	if err != nil {
		return Recording{}, err
	}
	var again Recording
	if err := json.Unmarshal(text, &again); err != nil {
		return Recording{}, err
	}
	judged := map[string]engine.Rejudgement{}
	for _, j := range engine.Rejudge(scenarios.Catalogue(), again.Recording) {
		judged[caseOf(j.Result).key()] = j
	}
	for _, c := range record.Results {
		at := x.caseOf(c)
		if j, ok := judged[at.key()]; !ok || j.Unjudged != "" || !sameVerdict(j.Result, c) {
			r.Unsure = append(r.Unsure, at)
		}
	}
	return r, nil
}

// sameVerdict reports whether two results come to the same, in whatever words.
func sameVerdict(a, b engine.Result) bool {
	return a.Verdict() == b.Verdict() && a.Judgement.Severity == b.Judgement.Severity && a.Level() == b.Level() && a.Judgement.Exfiltrated == b.Judgement.Exfiltrated
}

func caseOf(r engine.Result) Case { return Case{ID: r.Scenario.ID, Subject: newSubject(r.Subject)} }

// key tells cases apart.
func (c Case) key() string {
	return alert.Fingerprint(c.ID, c.Subject.Endpoint, c.Subject.Origin, string(c.Subject.Credential))
}

// A recorder takes the secrets out of what is recorded. The same texts come again and
// again.
type recorder struct {
	redactor
	seen map[string]string
}

// once is a method of the redactor, of which the answer is remembered.
func (x *recorder) once(how string, s string, redact func(string) string) string {
	if s == "" {
		return s
	}
	key := how + "\n" + s
	out, ok := x.seen[key]
	if !ok {
		out = redact(s)
		x.seen[key] = out
	}
	return out
}

// target copies the target; false where a trusted origin has a secret in it, so that no
// attempt of its could be told.
func (x *recorder) target(t scenarios.Target, out *scenarios.Target) bool {
	secret := func(p cors.Pattern) bool { return x.text(p.String()) != p.String() }
	if slices.ContainsFunc(t.Trusted, x.hides) || slices.ContainsFunc(t.Patterns, secret) || clone(t, out) != nil {
		return false
	}
	x.strings(reflect.ValueOf(out).Elem())
	return true
}

// hides reports whether there is a secret in an origin.
func (x *recorder) hides(o cors.Origin) bool { return x.text(o.String()) != o.String() }

func (x *recorder) caseOf(r engine.Result) Case {
	c := caseOf(r)
	c.Subject.Endpoint, c.Subject.Origin = x.once("", c.Subject.Endpoint, x.text), x.once("", c.Subject.Origin, x.text)
	return c
}

// observations are those of a record as far as there is room, those that violations
// rest on before others.
func (x *recorder) observations(record engine.Record) []scenarios.Observation {
	order := slices.Clone(record.Results)
	slices.SortStableFunc(order, func(a, b engine.Result) int { return weighOf(a) - weighOf(b) })
	record.Results = order
	var list []scenarios.Observation
	room := recordedBytes
	for _, o := range record.Recording().Observations {
		var out scenarios.Observation
		if x.hides(o.Attempt.Page) || clone(o, &out) != nil {
			continue
		}
		x.observation(&out)
		text, err := json.Marshal(out)
		if err != nil || len(text) > room {
			continue
		}
		room -= len(text)
		list = append(list, out)
	}
	return list
}

func weighOf(r engine.Result) int {
	return weight(Result{Verdict: r.Verdict(), Accepted: r.Accepted != nil})
}

// observation redacts an observation. An attempt is what a scenario planned, and stays
// as it is but for secrets in it: it has to be found again.
func (x *recorder) observation(o *scenarios.Observation) {
	if p := o.Page; p != nil {
		p.Headers, p.Body = x.headers(p.Headers), x.once("body", p.Body, x.body)
	}
	if l := o.Loot; l != nil {
		l.Excerpt = x.once("body", l.Excerpt, x.body)
	}
	for i := range o.Exchanges {
		e := &o.Exchanges[i]
		e.Request.URL = x.once("wire-url", e.Request.URL, x.wireURL)
		e.Request.Headers, e.Request.Body = x.headers(slices.DeleteFunc(e.Request.Headers, ofBrowser)), x.once("body", e.Request.Body, x.body)
		if r := e.Response; r != nil {
			r.Truncated = r.Truncated || len(r.Body) > bodyLimit
			r.Headers, r.Body = x.headers(r.Headers), x.once("body", r.Body, x.body)
		}
	}
	x.strings(reflect.ValueOf(o).Elem())
}

// ofBrowser reports whether a line of a request is one that the browser makes for
// itself, the same in every request: no policy of CORS depends on it.
func ofBrowser(h cors.Header) bool {
	switch h.Name {
	case "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Connection", "Pragma", "Referer", "Host":
		return true
	}
	return len(h.Name) > len("Sec-Ch-") && (h.Name[:7] == "Sec-Ch-" || h.Name[:7] == "sec-ch-")
}

// headers keeps the lines that a report would keep.
func (x *recorder) headers(lines cors.Headers) cors.Headers {
	kept, _ := newHeaders(lines)
	var out cors.Headers
	for _, h := range kept {
		out = append(out, cors.Header{
			Name:  x.once("name", h.Name, func(s string) string { return x.headerName(s, "wire") }),
			Value: x.once("value "+h.Name, h.Value, func(s string) string { return x.header(h.Name, s, "wire") }),
		})
	}
	return out
}

// strings replaces the secrets in every text that can be reached, so that a field that
// is added to an observation is searched without anybody thinking of it. Origins and
// patterns were looked at before; keys are those of the project.
func (x *recorder) strings(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" {
			v.SetString(x.once("", s, x.text))
		}
	case reflect.Struct:
		switch v.Interface().(type) {
		case cors.Origin, cors.Pattern:
			return
		}
		if h, ok := v.Addr().Interface().(*cors.Header); ok {
			if !isProtocol(h.Name) && !(Header{Name: h.Name}).decides() {
				h.Name = x.once("", h.Name, x.text)
			}
			h.Value = x.once("", h.Value, x.text)
			return
		}
		if w, ok := v.Addr().Interface().(*scenarios.Witness); ok {
			for i, part := range w.Parts { // a long one was cut
				w.Parts[i] = x.once("body", part, x.body)
			}
		}
		for i := range v.NumField() {
			x.strings(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			x.strings(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			x.strings(v.Elem())
		}
	case reflect.Bool, reflect.Int, reflect.Int64:
	default:
		panic(fmt.Sprintf("report: a recorded field of kind %s cannot be searched for secrets", v.Kind()))
	}
}

// clone copies a value by way of its encoding.
func clone(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}
