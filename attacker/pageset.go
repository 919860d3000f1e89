package attacker

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/crossexam/crossexam/cors"
)

//go:embed pages
var pages embed.FS

// A pageSet makes the embedded pages.
type pageSet struct {
	templates *template.Template
	attempt   template.JS
	page      template.JS
	frames    template.JS
	visited   template.JS
}

func readPages() (*pageSet, error) {
	s := &pageSet{}
	var err error
	if s.templates, err = template.ParseFS(pages, "pages/*.html"); err != nil {
		return nil, fmt.Errorf("reading the embedded pages: %w", err)
	}
	for _, part := range []struct {
		name   string
		script *template.JS
	}{{"attempt.js", &s.attempt}, {"ways.js", &s.attempt}, {"page.js", &s.page}, {"frames.js", &s.frames}, {"visited.js", &s.visited}} {
		b, err := pages.ReadFile("pages/" + part.name)
		if err != nil {
			return nil, fmt.Errorf("reading the embedded pages: %w", err)
		}
		*part.script += template.JS(b)
	}
	return s, nil
}

// of makes the page of a name for an origin. The malicious one makes attacks by
// itself where there are any.
func (s *pageSet) of(origin cors.Origin, name string, alone []attack) ([]byte, error) {
	var page bytes.Buffer
	err := s.templates.ExecuteTemplate(&page, name+".html", map[string]any{
		"Origin":        origin.String(),
		"AttemptScript": s.attempt,
		"PageScript":    s.page,
		"FramesScript":  s.frames,
		"VisitedScript": s.visited,
		"Attacks":       alone,
	})
	return page.Bytes(), err
}

func (s *pageSet) serve(w http.ResponseWriter, origin cors.Origin, name string, alone []attack) {
	page, err := s.of(origin, name, alone)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// Write errors mean that the browser has gone; there is nobody to tell.
	_, _ = w.Write(page)
}
