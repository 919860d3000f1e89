package report

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Diagnosis is one sentence about the whole run, and what to do about it.
type Diagnosis struct {
	Kind   engine.DiagnosisKind `json:"kind" redact:"-"`
	Detail string               `json:"detail" redact:"words"`
	Advice string               `json:"advice" redact:"words"`
}

// Premise is what makes an endpoint private, or why it was not examined as private.
type Premise struct {
	Endpoint   string               `json:"endpoint"`
	Credential scenarios.Credential `json:"credential" redact:"-"`
	Finding    scenarios.Finding    `json:"finding" redact:"-"`
	Stranger   Reply                `json:"stranger"` // without the credential
	Victim     Reply                `json:"victim"`   // with it
	// Witness is a part of the private reply that a stranger's does not have; empty
	// where the status alone tells them apart.
	Witness  string `json:"witness" redact:"wire"`
	Sentence string `json:"sentence" redact:"words"`
}

// Reply is what is remembered of one reply.
type Reply struct {
	Status int    `json:"status"`             // 0 where there was none
	Type   string `json:"type" redact:"wire"` // the media type
	Bytes  int    `json:"bytes"`
}

func newPremises(found []scenarios.Premise) []Premise {
	list := []Premise{}
	for _, p := range found {
		list = append(list, Premise{
			Endpoint: p.Endpoint, Credential: p.Credential, Finding: p.Finding,
			Stranger: newReply(p.Stranger), Victim: newReply(p.Victim),
			Witness: p.Witness.Excerpt(), Sentence: p.Sentence(),
		})
	}
	return list
}

func newReply(r scenarios.Reply) Reply { return Reply{Status: r.Status, Type: r.Type, Bytes: r.Bytes} }

func newDiagnoses(seen []engine.Diagnosis) []Diagnosis {
	list := []Diagnosis{}
	for _, d := range seen {
		list = append(list, Diagnosis{Kind: d.Kind, Detail: d.Detail, Advice: d.Advice()})
	}
	return list
}

// diagnosed reports whether a diagnosis says already why the examination broke off.
func (r Report) diagnosed() bool {
	return r.Fault != nil && slices.Contains([]engine.Stage{engine.StagePremises, engine.StageSteady}, engine.Stage(r.Fault.Stage))
}

// holds reports whether the endpoint was examined as private.
func (p Premise) holds() bool {
	return p.Finding == scenarios.Private || p.Finding == scenarios.PrivateByNetwork
}

// Private are the premises that hold.
func (r Report) Private() []Premise {
	var list []Premise
	for _, p := range r.Premises {
		if p.holds() {
			list = append(list, p)
		}
	}
	return list
}

// NotPrivate are those that do not, of endpoints that no other credential opens and of
// which no diagnosis says the same.
func (r Report) NotPrivate() []Premise {
	private := map[string]bool{}
	for _, p := range r.Private() {
		private[p.Endpoint] = true
	}
	var list []Premise
	for _, p := range r.Premises {
		diagnosed := slices.ContainsFunc(r.Diagnoses, func(d Diagnosis) bool { return p.Sentence != "" && strings.Contains(d.Detail, p.Sentence) })
		if !p.holds() && !private[p.Endpoint] && !diagnosed {
			list = append(list, p)
		}
	}
	return list
}
