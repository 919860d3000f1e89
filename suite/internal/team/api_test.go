package team_test

import (
	"fmt"
	"net/http"
)

// The API of a team that has nothing to do with Crossexam: one private path, behind
// a session.
const (
	frontEnd = "https://app.example.com"
	session  = "alice-7f3a9c21"
)

// careful lets one origin read.
func careful(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Origin")
	h.Set("Cache-Control", "no-store")
	if r.Header.Get("Origin") == frontEnd {
		h.Set("Access-Control-Allow-Origin", frontEnd)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	answer(w, r)
}

// careless lets every origin read.
func careless(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	answer(w, r)
}

func answer(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("session")
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path != "/me":
		http.NotFound(w, r)
	case err != nil || cookie.Value != session:
		http.Error(w, "log in first", http.StatusUnauthorized)
	default:
		fmt.Fprintln(w, `{"name":"Alice","salary":4200}`)
	}
}
