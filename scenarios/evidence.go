package scenarios

import (
	"fmt"
	"slices"

	"github.com/crossexam/crossexam/cors"
)

// evidence is an attacker's read, and the controls beside it.
type evidence struct {
	cred  Credential
	reach Severity // of a proved attack from this page
	read  Observation
	// alone is the same read without the credential, bare one without an Origin
	// too; byHand is one with the credential, whatever SameSite says to it.
	alone, bare, byHand Observation
}

// controls are the attempts for it, beside the read itself.
type controls struct{ alone, bare, byHand Attempt }

// controls of a read of this endpoint. Only a cookie can be kept home, and only what
// the browser asks for first can be kept in, so that only these have to be sent by hand.
func (v visit) controls(origin cors.Origin, e Endpoint) controls {
	byHand := bare(v.target, e)
	if v.cred.isHeldBySameSite() || v.asks(e) {
		byHand = probe(v.target, v.page, e, v.cred, originHeader(origin))
	}
	return controls{alone(v.read(e)), bare(v.target, e), byHand}
}

// after are the attempts of a case that begins with these.
func (c controls) after(reads ...Attempt) []Attempt {
	return append(slices.Clone(reads), c.alone, c.bare, c.byHand)
}

// of is the evidence on a read.
func (c controls) of(cred Credential, reach Severity, read Observation, obs Observations) evidence {
	return evidence{cred, reach, read, obs.Of(c.alone), obs.Of(c.bare), obs.Of(c.byHand)}
}

func (ev evidence) origin() cors.Origin { return ev.read.Attempt.Origin() }

// byHandOrigin is the one that the request by hand named. It is another than that
// of the read where the target is known to echo every origin.
func (ev evidence) byHandOrigin() cors.Origin {
	named, _ := ev.byHand.Attempt.Headers.Get(cors.HeaderOrigin)
	o, err := cors.ParseOrigin(named)
	if err != nil {
		return ev.origin()
	}
	return o
}

// unproved says what is missing in the proof that the attacker has got data that
// a page without the victim's credential could not read. It is empty where the
// proof is whole. A reply that is different each time proves nothing by being
// different, which is why two replies without the credential are compared.
func (ev evidence) unproved() string {
	got, without, again := answer(ev.read), answer(ev.alone), answer(ev.bare)
	absent := notInPlay(ev.cred, ev.read)
	switch {
	case !ev.read.Read():
		return "the page could not read the reply"
	case !isSuccess(got):
		return fmt.Sprintf("the reply was an error (%d)", ev.read.Page.Status)
	case ev.read.Loot == nil:
		return "nothing arrived at the attacker's collector"
	case ev.read.Stake == Refusal:
		return "the reply was not the private one"
	case ev.cred.ofPlace():
		return ""
	case absent != "":
		return absent
	case !ev.cred.Ambient():
		return "no credential of the victim was in play"
	case without == nil && certificateRequired(ev.alone):
		return "" // nobody gets anything without
	case without == nil && ev.read.Stake == PrivateReply:
		return "" // the read without it did not pass the preflight, and the premise says what strangers get
	case without == nil:
		return "the target gave no reply without the credential to compare it with"
	case !isSuccess(without):
		return ""
	case got.Body == without.Body:
		return "the reply is the same without the credential"
	case again == nil || again.Body != without.Body:
		return "the reply differs from the one without the credential, but so do two replies without it from each other"
	}
	return ""
}

// certificateRequired reports whether the target breaks off TLS without a client
// certificate, so that there is no answer to anyone who has none.
func certificateRequired(o Observation) bool {
	x := o.Request()
	return x != nil && x.CertificateRequired
}

// onlySameSite reports whether SameSite kept the cookie home from a page that would
// have been granted the read with it.
func (ev evidence) onlySameSite() bool {
	return sameSiteReasons(ev.read) != "" && grantTo(ev.byHandOrigin(), answer(ev.byHand)) == credentialRead
}

// gravity is that of a grant to the page.
func (ev evidence) gravity() Severity {
	switch {
	case ev.unproved() == "":
		return ev.reach
	case ev.onlySameSite():
		return Medium.atMost(ev.reach)
	}
	return Low
}
