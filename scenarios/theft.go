package scenarios

import (
	"net/http"
	"slices"
)

// thefts are the reads of private endpoints that a visit to this page attempts,
// with each of the credentials.
func thefts(v visit, creds []Credential, vectors ...Vector) ([]Case, string) {
	if len(v.target.PrivateReads()) == 0 {
		return nil, "The target declares no private endpoint to read."
	}
	var cases []Case
	for _, e := range v.target.PrivateReads() {
		for _, c := range opening(v.target, e, creds) {
			v.cred = c
			cases = append(cases, theft(v, e, vectors))
		}
	}
	return planned(cases, nothingOpens)
}

// theft has an attempt for each vector, one without credentials where the browser
// does not heed that, and then those that show whether the reply is private.
func theft(v visit, e Endpoint, vectors []Vector) Case {
	var reads []Attempt
	for _, vector := range vectors {
		if vector == Redirect302 && e.Method != "GET" && len(vectors) > 1 {
			continue // browsers make a GET of it
		}
		a := v.read(e)
		a.Vector = vector
		reads = append(reads, a)
	}
	if v.cred.Uninvited() && slices.Contains(vectors, Fetch) {
		// Chrome presents a certificate to whoever asks, also where the page said
		// that no credentials shall go along, and a grant without credentials will do.
		a := v.read(e)
		a.Omit = true
		reads = append(reads, a)
	}
	if a, ok := v.unasking(e); ok && slices.Contains(vectors, Fetch) {
		reads = append(reads, a)
	}
	if slices.Contains(vectors, Fetch) && v.cred.Includes(Basic) && !v.cred.Includes(Cookie) && v.target.Origin().IsPotentiallyTrustworthy() {
		// Some servers grant more to a request that has a cookie, whichever it is.
		a := v.read(e)
		a.Identity = Together(v.cred, AnyCookie)
		reads = append(reads, a)
	}
	origin := reads[0].Origin()
	controls := v.controls(origin, e)
	attempts := controls.after(reads...)
	arbitrary := attack(v.target, v.cred).read(e)
	special := arbitrary.Key() != reads[0].Key()
	if special {
		attempts = append(attempts, arbitrary)
	}
	refers := v.byReferer(e)
	var more func(Observations) []Attempt
	if slices.Contains(vectors, Fetch) && e.Safe() {
		more = func(obs Observations) []Attempt { return refers.more(reads, obs) }
	}
	return Case{
		Subject:  Subject{Endpoint: e.String(), Origin: origin.String(), Credential: v.cred},
		Attempts: attempts,
		More:     more,
		Judge: func(obs Observations) Judgement {
			var all []evidence
			for _, read := range reads {
				all = append(all, controls.of(v.cred, reach(v.target, v.page), obs.Of(read), obs))
			}
			j := refers.judge(judgeTheft(all...), v, obs)
			if special && j.Rule == nil {
				return j.ifEchoed(obs.Of(arbitrary), Anonymous)
			}
			return j
		},
	}
}

// ifEchoed takes the same read from an arbitrary origin. Where that one is granted
// too, a violation is only one of many faces of the same rule. with is the credential
// that the echo depends on, and Anonymous where that is not known.
func (j Judgement) ifEchoed(arbitrary Observation, with Credential) Judgement {
	if j.Verdict == Violates && arbitrary.Read() {
		j = j.withRule(Rule{Kind: EchoRule, With: with})
		j.FollowsFrom = readByAnyone(arbitrary.Attempt)
		j.Reason += " (see " + j.FollowsFrom + ")"
	}
	return j
}

// readByAnyone is the scenario that is about this read from an arbitrary origin.
func readByAnyone(a Attempt) string {
	if a.Omit {
		return "WLD-003"
	}
	return "WLD-001"
}

// judgeTheft takes the evidence on each of the reads.
func judgeTheft(all ...evidence) Judgement {
	var js []Judgement
	for _, ev := range all {
		switch a := ev.read.Attempt; {
		case vectorTable[a.Vector].victimOpens, a.Identity.Includes(AnyCookie): // which goes to other sites
			ev.reach = Medium.atMost(ev.reach)
		}
		js = append(js, judgeRead(ev).withProof(ev.read))
	}
	return worst(js...)
}

func judgeRead(ev evidence) Judgement {
	read := ev.read
	if doubt := read.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	if x := read.Request(); x != nil && read.Attempt.Vector.SendsNullOrigin() && x.Request.Origin() != "null" {
		return cannotTell("the browser sent the request with Origin: %s instead of null", quote(x.Request.Origin())).until(LacksEvidence)
	}
	if ev.cred.Uninvited() && read.Attempt.Omit && !read.Credential.Sent {
		return conforms("the browser kept the client certificate home from a request without credentials")
	}
	if read.Read() {
		return judgeGranted(ev)
	}
	if read.Block.Reason.IsPreflight() {
		return judgeUnsent(read)
	}
	why := notInPlay(ev.cred, read)
	switch home := sameSiteReasons(read); {
	case home != "" && (!read.Credential.Sent || sameFailure(read, ev.bare)): // another cookie may have gone
		return conforms("Chrome blocked the read (%s) and kept the cookie home (%s)", read.Block.Reason, home)
	case why != "":
		return cannotTell("Chrome blocked the read (%s), but %s", read.Block.Reason, why).until(LacksPrivacy)
	case read.Stake == Refusal:
		return conforms("the target refused %s itself (%s) while the victim's own read still got the private reply, and Chrome blocked the page (%s)",
			who(read.Attempt), statusText(read.Response()), read.Block.Reason)
	case read.Stake == PrivateReply:
		return conforms("Chrome blocked the read of the private %d reply (%s)", read.Response().Status, read.Block.Reason)
	case sameFailure(read, ev.bare):
		return cannotTell("Chrome blocked the read (%s), but the target answered %d as it does without the victim's %s and without an Origin, so nothing private was at stake",
			read.Block.Reason, read.Response().Status, ev.cred.noun()).until(LacksPrivacy)
	}
	return conforms("Chrome blocked the read of %s (%s)", blockedReply(read), read.Block.Reason)
}

// judgeUnsent judges a request for which the browser asked in vain: nothing left it,
// the victim's credential included. A target that could not answer at all has
// refused nothing.
func judgeUnsent(o Observation) Judgement {
	origin, r := o.Attempt.Origin(), preflightReply(o)
	if r.Status == http.StatusTooManyRequests || r.Status >= 500 {
		return cannotTell("the preflight of %s was answered %d, which says nothing of the origin", origin, r.Status).until(LacksSuccess)
	}
	return conforms("the preflight of %s was refused (%s; %d), and nothing was sent", origin, o.Block.Reason, r.Status)
}

// judgeGranted judges a read that Chrome allowed.
func judgeGranted(ev evidence) Judgement {
	origin, status := who(ev.read.Attempt), ev.read.Page.Status
	why, home := ev.unproved(), sameSiteReasons(ev.read)
	switch {
	case why == "":
		how := "with the victim's "
		if ev.cred.ofPlace() {
			how = "from the victim's "
		}
		although := ""
		if ev.read.Attempt.Identity.Includes(AnyCookie) {
			although = " and any cookie of its host"
		}
		if ev.cred.Uninvited() && ev.read.Attempt.Omit {
			although = ", which Chrome presents although the page asks for no credentials to be sent"
		}
		j := violates(ev.reach, "%s read the %d reply %s%s%s, and %d bytes of it reached the attacker's collector",
			origin, status, how, ev.cred.noun(), although, ev.read.Loot.Bytes)
		j.Exfiltrated = true
		return j
	case ev.onlySameSite():
		return violates(ev.gravity(), "%s was granted the read of the %d reply, only %s kept the cookie home (%s), and the reply with the cookie has %s",
			origin, status, keeper(home), home, grantText(answer(ev.byHand)))
	case home != "" && answer(ev.byHand) == nil:
		return cannotTell("%s was granted the read of the %d reply, %s kept the cookie home (%s), and the reply with the cookie is not known", origin, status, keeper(home), home).until(LacksPrivacy)
	case home != "" && sameFailure(ev.read, ev.bare):
		return conforms("%s was granted the %d of a visitor without the cookie, which %s kept home (%s); the reply with the cookie is not granted (%s)",
			origin, status, keeper(home), home, grantText(answer(ev.byHand)))
	}
	return violates(ev.gravity(), "%s was granted the read, but nothing private was proved to leave: %s", origin, why)
}
