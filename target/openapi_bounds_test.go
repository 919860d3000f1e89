package target

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"
)

// head begins a document that is one but for what follows.
const head = `{"openapi":"3.1.0","info":{"title":"x"},`

// upTo repeats a text as often as a document can have it.
func upTo(before, text, after string) string {
	return before + strings.Repeat(text, (documentLimit-len(before)-len(after))/len(text)) + after
}

// numbered is upTo with a number in the text, up to a bound on the count.
func numbered(before, text, after string, count int) string {
	var b strings.Builder
	b.WriteString(before)
	for i := 0; i < count && b.Len()+len(text)+16+len(after) < documentLimit; i++ {
		fmt.Fprintf(&b, text, i)
	}
	b.WriteString(after)
	return b.String()
}

// hostileDocuments are small and large ones that cost the libraries that read all
// of a document gigabytes or minutes. Each is made when it is wanted.
func hostileDocuments() map[string]func() string {
	aliases := func(line string) func() string {
		return func() string {
			var b strings.Builder
			b.WriteString("openapi: 3.0.0\na0: &a0 {k: v}\n")
			for i := 1; i < 30; i++ {
				fmt.Fprintf(&b, line, i, i-1)
			}
			return b.String()
		}
	}
	const endless = 1 << 30
	return map[string]func() string{
		"deep JSON":             func() string { return strings.Repeat("[", 1_200_000) },
		"deep JSON, closed":     func() string { return strings.Repeat("[", 600_000) + strings.Repeat("]", 600_000) },
		"deep groups":           func() string { return strings.Repeat(`{"a":`, 240_000) },
		"deep YAML":             func() string { return "a: " + strings.Repeat("[", 1_200_000) },
		"deep block":            func() string { return strings.Repeat("- ", 600_000) },
		"aliases":               aliases("a%d: &a%[1]d [*a%[2]d, *a%[2]d]\n"),
		"merge keys":            aliases("a%d: &a%[1]d {<<: [*a%[2]d, *a%[2]d]}\n"),
		"an alias in itself":    func() string { return "openapi: 3.0.0\npaths: &a {/a: {get: *a}, <<: *a}\n" },
		"many lines":            func() string { return upTo("openapi: 3.0.0\nx:\n", "- a\n", "") },
		"many keys":             func() string { return numbered("openapi: 3.0.0\n", "k%d: v\n", "", endless) },
		"many keys, few enough": func() string { return numbered("openapi: 3.0.0\n", "k%d: v\n", "", maxYAMLValues/2-10) },
		"many tags":             func() string { return upTo("openapi: 3.0.0\nx: ", "!a ", "") },
		"many quotes":           func() string { return upTo("openapi: 3.0.0\nx: ", "'a' ", "") },
		"tags, few enough":      func() string { return strings.Repeat("!a ", maxYAMLValues/2-10) },
		"Unicode line breaks":   func() string { return upTo("openapi: 3.0.0\nx:\n", "-\u2028", "") },
		"a long text":           func() string { return upTo("openapi: 3.0.0\nx: \"", "<", "\"") },
		"a long text within":    func() string { return "openapi: 3.0.0\nx: \"" + strings.Repeat("<", yamlLimit-100) + "\"\n" },
		"100,000 paths":         func() string { return numbered(head+`"paths":{`, `"/a%d":{"get":{}},`, `"/z":{"get":{}}}}`, 100_000) },
		"as many paths as may be": func() string {
			return numbered(head+`"paths":{`, `"/a%d":{"get":{},"put":{}},`, `"/z":{"get":{}}}}`, maxPaths-1)
		},
		"many schemas": func() string {
			return numbered(head+`"components":{"schemas":{`, `"a%d":{},`, `"z":{}}},"paths":{"/a":{"get":{}}}}`, 650_000)
		},
		"many parameters": func() string { return upTo(head+`"paths":{"/a":{"get":{"parameters":[`, `{"name":"a"},`, `{}]}}}}`) },
		"parameters for all": func() string {
			return head + `"paths":{"/a":{"parameters":[` + strings.Repeat(`{"name":"a"},`, 50_000) + `{}],"get":{},"put":{},"post":{},"delete":{},"patch":{}}}}`
		},
		"many empty values": func() string {
			return head + `"security":[` + strings.Repeat(`{},`, 900_000) + `{}],"paths":{"/a":{"get":{}}}}`
		},
		"many choices": func() string {
			return head + `"paths":{"/a":{"get":{"parameters":[{"name":"a","schema":{"anyOf":[` + strings.Repeat(`{},`, 900_000) + `{}]}}]}}}}`
		},
		"many responses": func() string {
			return numbered(head+`"paths":{"/a":{"get":{"responses":{`, `"%d":{},`, `"200":{}}}}}}`, 600_000)
		},
		"references to one large": func() string {
			return numbered(head+`"components":{"parameters":{"a":{"name":"a","example":"`+strings.Repeat("x", 8<<20)+`"}}},"paths":{`,
				`"/a%d":{"get":{"parameters":[{"$ref":"#/components/parameters/a"}]}},`, `"/z":{"get":{}}}}`, maxPaths-1)
		},
		"references to a large schema": func() string {
			return numbered(head+`"components":{"schemas":{"a":{"x":"`+strings.Repeat("x", 8<<20)+`"}}},"paths":{`,
				`"/a%d":{"get":{"parameters":[{"name":"n","schema":{"$ref":"#/components/schemas/a"}}]}},`, `"/z":{"get":{}}}}`, maxPaths-1)
		},
		"references to a large response": func() string {
			return numbered(head+`"components":{"responses":{"a":{"content":{"x":"`+strings.Repeat("x", 8<<20)+`"}}}},"paths":{`,
				`"/a%d":{"get":{"responses":{"200":{"$ref":"#/components/responses/a"}}}},`, `"/z":{"get":{}}}}`, maxPaths-1)
		},
		"references in a circle": func() string {
			return head + `"components":{"schemas":{"a":{"$ref":"#/components/schemas/a"}}},"paths":{"/a":{"get":{"parameters":[{"name":"a","schema":{"$ref":"#/components/schemas/a"}}]}}}}`
		},
		"a server of variables": func() string {
			return numbered(head+`"servers":[{"url":"{a0}","variables":{`, `"a%d":{"default":"{a0}{a1}{a2}{a3}{a4}{a5}{a6}{a7}"},`, `"z":{}}}],"paths":{"/a":{"get":{}}}}`, 10_000)
		},
		"a path of holes": func() string {
			return head + `"paths":{"/` + strings.Repeat("{a}", 5_000_000) + `":{"get":{"parameters":[{"name":"a","in":"path","example":"` + strings.Repeat("x", 200) + `"}]}}}}`
		},
	}
}

// cost is what a function takes: the largest heap while it runs above that before,
// in bytes, and the time.
func cost(f func()) (memory uint64, took time.Duration) {
	heap := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	before := heap()
	stop := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				memory = max(memory, heap())
			}
		}
	})
	start := time.Now()
	f()
	took = time.Since(start)
	memory = max(memory, heap())
	close(stop)
	sampling.Wait()
	return memory - min(memory, before), took
}

// No document takes the machine: it is read, or refused, within 300 MB.
func TestHostileDocuments(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads some 300 MB")
	}
	for name, make := range hostileDocuments() {
		t.Run(name, func(t *testing.T) {
			text := make()
			if len(text) > documentLimit {
				t.Fatalf("the test's document has %d bytes", len(text))
			}
			var err error
			var doc document
			memory, took := cost(func() { doc, err = parseDocument(t.Context(), []byte(text)) })
			if memory > 300<<20 || took > discoveryTime {
				t.Errorf("it took %d MB and %s", memory>>20, took)
			}
			if err != nil && (len(err.Error()) > 300 || strings.Contains(err.Error(), "xxx")) {
				t.Errorf("it is refused with %.500q", err)
			}
			t.Logf("%d kB: %d MB, %s, %d operations, %v", len(text)>>10, memory>>20, took, len(doc.operations), err)
		})
	}
}
