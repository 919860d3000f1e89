package engine

import (
	"fmt"
	"net/http"
	"time"

	"github.com/crossexam/crossexam/tap"
)

// held are the diagnoses of what kept the run's requests back: a rate limiter, and
// endpoints that let requests time out, which late says in sentences.
func held(l tap.Limiting, late []string) []Diagnosis {
	var list []Diagnosis
	if l.Count > 0 && l.Only == "" {
		d := Diagnosis{Kind: RateLimited, Number: l.Passed, Detail: limited(l)}
		if l.Status == http.StatusServiceUnavailable && l.Unanswered > 0 && !l.Answered {
			d = Diagnosis{Kind: TargetFails, Detail: "the target is out of service: it answered 503 to every request"}
		}
		list = append(list, d)
	}
	if l.Aside > 0 {
		list = append(list, Diagnosis{Kind: OriginHeldOff, Detail: fmt.Sprintf(
			"the target tells some origins alone that it will answer later (Retry-After), from request %d on, %d times: the same requests of another origin were answered meanwhile, "+
				"so that it is not about the rate; what these origins get later is not known", l.AsideFrom, l.Aside)})
	}
	if len(late) > 0 {
		detail := late[0]
		if more := len(late) - 1; more > 0 {
			detail += fmt.Sprintf("; and %d more like this", more)
		}
		list = append(list, Diagnosis{Kind: TimedOut, Detail: detail})
	}
	return list
}

func limited(l tap.Limiting) string {
	does := "limits the rate of requests"
	if l.Status == http.StatusServiceUnavailable {
		does += ", or was out of service for a while"
	}
	s := fmt.Sprintf("the target %s: it answered %d from request %d on", does, l.Status, l.First)
	if l.Passed > 0 {
		s += fmt.Sprintf(", having let through about %.2g a second", l.Passed)
	}
	if waited := l.Waited.Round(time.Second); waited > 0 {
		s += fmt.Sprintf("; requests were kept back for %s in all", waited)
	}
	if l.Unanswered > 0 {
		return s + fmt.Sprintf("; %d of them got no other answer, which proves nothing", l.Unanswered)
	}
	return s + "; in the end all were answered"
}
