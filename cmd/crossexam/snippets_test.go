package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/report"
)

// Every snippet that does not say otherwise is run by its server here, with a whole
// policy: what the server then answers to a preflight and to a request is that policy.
// Servers that are not installed are skipped, where it is not CI that runs.
func TestSnippetsAreServed(t *testing.T) {
	policy := report.CORSPolicy{
		Origins: []string{"https://app.example.com", "https://admin.example.com"}, Methods: []string{"GET", "PATCH"},
		Headers: []string{"Authorization", "X-Requested-With"}, Exposed: []string{"ETag", "X-Total-Count"}, Credentials: true, MaxAge: 500, // not 600, which some have where nothing is said and gorilla has at most
	}
	all := report.Snippets(policy, nil)
	goServer := sync.OnceValues(func() (string, error) { return buildGo(root(t), t.TempDir(), all) })
	for _, s := range all {
		if s.Untried {
			continue
		}
		t.Run(s.ID, func(t *testing.T) {
			t.Parallel()
			serve, ok := snippetServers(goServer)[s.ID]
			if !ok {
				t.Fatalf("nobody runs %s", s.Name)
			}
			addr := serve(t, s.Text)
			for _, origin := range append(policy.Origins, "https://evil.example") {
				q, _ := http.NewRequest(http.MethodOptions, "http://"+addr+"/x", nil)
				q.Header.Set("Origin", origin)
				q.Header.Set("Access-Control-Request-Method", "PATCH")
				q.Header.Set("Access-Control-Request-Headers", "authorization,x-requested-with")
				pre, _ := ask(t, q)
				g, _ := http.NewRequest(http.MethodGet, "http://"+addr+"/x", nil)
				g.Header.Set("Origin", origin)
				got, status := ask(t, g)
				if !slices.Contains(policy.Origins, origin) {
					if pre.Get("Access-Control-Allow-Origin")+got.Get("Access-Control-Allow-Origin") != "" {
						t.Errorf("%s is granted: %v %v", origin, pre, got)
					}
					continue
				}
				if status != http.StatusOK {
					t.Errorf("%s is answered %d", g.URL, status)
				}
				for _, want := range []struct {
					in    http.Header
					name  string
					items []string
				}{
					{pre, "Access-Control-Allow-Origin", []string{origin}}, {got, "Access-Control-Allow-Origin", []string{origin}},
					{pre, "Access-Control-Allow-Credentials", []string{"true"}}, {got, "Access-Control-Allow-Credentials", []string{"true"}},
					{pre, "Access-Control-Allow-Methods", []string{"patch"}}, {pre, "Access-Control-Allow-Headers", policy.Headers},
					{pre, "Access-Control-Max-Age", []string{"500"}}, {got, "Access-Control-Expose-Headers", policy.Exposed}, {got, "Vary", []string{"Origin"}},
				} {
					have := strings.ToLower(strings.Join(want.in.Values(want.name), ", "))
					for _, item := range want.items {
						if !slices.Contains(strings.Split(strings.ReplaceAll(have, " ", ""), ","), strings.ToLower(item)) {
							t.Errorf("%s: %s is %q, without %s", origin, want.name, have, item)
						}
					}
				}
				// What the policy has not is granted to nobody.
				q.Header.Set("Access-Control-Request-Method", "DELETE")
				q.Header.Set("Access-Control-Request-Headers", "x-other")
				more, _ := ask(t, q)
				for name, other := range map[string]string{"Access-Control-Allow-Methods": "delete", "Access-Control-Allow-Headers": "x-other"} {
					if have := strings.ToLower(strings.Join(more.Values(name), ", ")); strings.Contains(have, other) || strings.Contains(have, "*") {
						t.Errorf("%s: %s is %q", origin, name, have)
					}
				}
				if n := len(got.Values("Access-Control-Allow-Origin")); n > 1 {
					t.Errorf("%d grants", n)
				}
			}
		})
	}
}

func ask(t *testing.T, q *http.Request) (http.Header, int) {
	t.Helper()
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.Header, res.StatusCode
}

// snippetServers start a server with a snippet, by its ID, and give its address; /x of it
// answers anything.
func snippetServers(goServer func() (string, error)) map[string]func(t *testing.T, snippet string) string {
	interpreted := func(stack, file, program string, argv func(installed, dir, port string) []string) func(*testing.T, string) string {
		return func(t *testing.T, snippet string) string {
			installed := filepath.Join(root(t), "bin/stacks", stack)
			present(t, installed)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, file), []byte(strings.Replace(program, "SNIPPET", snippet, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(root(t), dir)
			if err != nil {
				t.Fatal(err)
			}
			return startServer(t, rel, []string{"NODE_PATH=" + filepath.Join(installed, "node_modules"), "PYTHONDONTWRITEBYTECODE=1"}, func(port string) []string { return argv(installed, dir, port) })
		}
	}
	node := func(stack, program string) func(*testing.T, string) string {
		name := "server.js"
		if strings.HasPrefix(program, "import ") {
			name = "server.mjs"
		}
		return interpreted(stack, name, program, func(installed, dir, _ string) []string {
			_ = os.Symlink(filepath.Join(installed, "node_modules"), filepath.Join(dir, "node_modules")) // import knows no NODE_PATH; without it the server says so
			return []string{"node", filepath.Join(dir, name)}
		})
	}
	// configured is for servers that read a configuration with their port in it.
	configured := func(name, text string, argv func(file string) []string) func(*testing.T, string) string {
		return func(t *testing.T, snippet string) string {
			if _, err := exec.LookPath(name); err != nil {
				missing(t, name)
			}
			upstream := strings.TrimPrefix(serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x") }), "http://")
			if name == "haproxy" {
				upstream = behindProxy(t)
			}
			file := filepath.Join(t.TempDir(), "conf")
			return startServer(t, ".", []string{"HOME=" + t.TempDir()}, func(port string) []string {
				made := strings.NewReplacer("SNIPPET", snippet, "PORT", port, "UPSTREAM", upstream).Replace(text)
				if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
					t.Fatal(err)
				}
				return argv(file)
			})
		}
	}
	servers := map[string]func(*testing.T, string) string{
		"fastapi": interpreted("fastapi", "app.py", "from fastapi import FastAPI\n\napp = FastAPI()\nSNIPPET\n\n@app.get('/x')\ndef x():\n    return {}\n",
			func(installed, dir, port string) []string {
				return []string{installed + "/bin/uvicorn", "--app-dir", dir, "app:app", "--port", port}
			}),
		"flask": interpreted("flask-cors", "app.py", "from flask import Flask\n\napp = Flask(__name__)\nSNIPPET\n\n@app.get('/x')\ndef x():\n    return {}\n\nimport sys\napp.run(port=int(sys.argv[1]))\n",
			func(installed, dir, port string) []string {
				return []string{installed + "/bin/python", filepath.Join(dir, "app.py"), port}
			}),
		"django": interpreted("django-cors-headers", "app.py", `import sys
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import JsonResponse
from django.urls import path

SNIPPET
settings.configure(
    ALLOWED_HOSTS=["*"], INSTALLED_APPS=["corsheaders"], ROOT_URLCONF=__name__, SECRET_KEY="none",
    MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"], **{k: v for k, v in globals().items() if k.startswith("CORS_")},
)
urlpatterns = [path("x", lambda request: JsonResponse({}))]
execute_from_command_line(["app.py", "runserver", "--noreload", sys.argv[1]])
`, func(installed, dir, port string) []string {
			return []string{installed + "/bin/python", filepath.Join(dir, "app.py"), port}
		}),
		"express": node("express", "const app = require('express')();\nSNIPPET\napp.get('/x', (q, r) => r.json({}));\napp.listen(process.env.PORT, '127.0.0.1');\n"),
		"fastify": node("fastify", "const app = require('fastify')();\nSNIPPET\napp.get('/x', async () => ({}));\napp.listen({ port: process.env.PORT, host: '127.0.0.1' });\n"),
		"koa":     node("koa", "const app = new (require('koa'))();\nSNIPPET\napp.use((ctx) => { ctx.body = {}; });\napp.listen(process.env.PORT, '127.0.0.1');\n"),
		"hono": node("hono", "import { serve } from '@hono/node-server';\nimport { Hono } from 'hono';\nconst app = new Hono();\nSNIPPET\n"+
			"app.get('/x', (c) => c.json({}));\nserve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });\n"),
		"nginx": func(t *testing.T, snippet string) string {
			return behindNginxWith(t, behindProxy(t), snippet)
		},
		"caddy": configured("caddy", "{\n\tadmin off\n\tauto_https off\n}\nhttp://127.0.0.1:PORT {\nSNIPPET\nreverse_proxy UPSTREAM\n}\n", func(file string) []string {
			return []string{"caddy", "run", "--config", file, "--adapter", "caddyfile"}
		}),
		"haproxy": configured("haproxy", "defaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 5s\n\ttimeout server 5s\nfrontend front\n\tbind 127.0.0.1:PORT\nSNIPPET\n\tdefault_backend back\nbackend back\n\tserver one UPSTREAM\n", func(file string) []string {
			return []string{"haproxy", "-f", file}
		}),
		"traefik": func(t *testing.T, snippet string) string {
			program := filepath.Join(root(t), "bin/stacks/traefik/stacks")
			present(t, program)
			file := filepath.Join(t.TempDir(), "dynamic.yaml")
			if err := os.WriteFile(file, []byte(snippet), 0o600); err != nil {
				t.Fatal(err)
			}
			upstream := strings.TrimPrefix(serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x") }), "http://")
			return startServer(t, ".", []string{"UPSTREAM=" + upstream, "CONFIGURATION=" + file}, func(string) []string { return []string{program} })
		},
		"spring": springProgram,
	}
	for id := range goPrograms {
		servers[id] = func(t *testing.T, _ string) string {
			program, err := goServer()
			if err != nil {
				t.Fatal(err)
			}
			return startServer(t, ".", nil, func(string) []string { return []string{program, id} })
		}
	}
	return servers
}

// goPrograms are the servers of Go, by snippet: what stands around it in a function that
// serves on l. Imports of the snippet are its file's.
var goPrograms = map[string]string{
	"go":        "handler := mux()\nSNIPPET\nreturn http.Serve(l, handler)",
	"go-jub0bs": "handler := mux()\nSNIPPET\nreturn http.Serve(l, handler)",
	"gorilla":   "handler := mux()\nSNIPPET\nreturn http.Serve(l, handler)",
	"chi":       "r := chi.NewRouter()\nSNIPPET\nr.Get(\"/x\", func(http.ResponseWriter, *http.Request) {})\nreturn http.Serve(l, r)",
	"gin":       "gin.SetMode(gin.ReleaseMode)\nr := gin.New()\nSNIPPET\nr.GET(\"/x\", func(*gin.Context) {})\nreturn http.Serve(l, r)",
	"echo":      "e := echo.New()\nSNIPPET\ne.GET(\"/x\", func(c echo.Context) error { return c.NoContent(http.StatusOK) })\nreturn http.Serve(l, e)",
	"fiber":     "app := fiber.New()\nSNIPPET\napp.Get(\"/x\", func(c fiber.Ctx) error { return c.SendStatus(http.StatusOK) })\nreturn app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true})",
	"fiber-2":   "app := fiber.New(fiber.Config{DisableStartupMessage: true})\nSNIPPET\napp.Get(\"/x\", func(c *fiber.Ctx) error { return c.SendStatus(http.StatusOK) })\nreturn app.Listener(l)",
}

// goImports are those of what stands around a snippet.
var goImports = map[string]string{
	"go-jub0bs": "\"log\"", "chi": "\"github.com/go-chi/chi/v5\"", "gin": "\"github.com/gin-gonic/gin\"", "echo": "\"github.com/labstack/echo/v4\"",
	"fiber": "\"github.com/gofiber/fiber/v3\"", "fiber-2": "\"github.com/gofiber/fiber/v2\"",
}

// buildGo builds one program of all snippets for Go, a file each, and gives its path: they
// share most of what has to be linked.
func buildGo(root, dir string, snippets []report.Snippet) (string, error) {
	names := []string{filepath.Join(dir, "main.go")}
	table := ""
	for i, s := range snippets {
		around, ok := goPrograms[s.ID]
		if !ok {
			continue
		}
		imports, snippet, _ := strings.Cut(s.Text, "\n\n")
		for _, path := range []string{"\"net\"", "\"net/http\"", goImports[s.ID]} {
			if path != "" {
				imports += "\nimport " + path
			}
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		text := fmt.Sprintf("package main\n\n%s\n\nvar _ http.Handler\n\nfunc serve%d(l net.Listener) error {\n%s\n}\n", imports, i, strings.Replace(around, "SNIPPET", snippet, 1))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", err
		}
		names = append(names, file)
		table += fmt.Sprintf("\t%q: serve%d,\n", s.ID, i)
	}
	main := "package main\n\nimport (\n\t\"net\"\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc mux() http.Handler {\n\treturn http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})\n}\n\n" +
		"var serve = map[string]func(net.Listener) error{\n" + table + "}\n\nfunc main() {\n\tl, err := net.Listen(\"tcp\", \"127.0.0.1:\"+os.Getenv(\"PORT\"))\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tpanic(serve[os.Args[1]](l))\n}\n"
	if err := os.WriteFile(names[0], []byte(main), 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "server")
	build := exec.Command("go", append([]string{"build", "-C", filepath.Join(root, "fixtures/stacks/go"), "-o", program}, names...)...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
}

// behindProxy is an application that speaks CORS itself, and grants everyone: where a
// proxy has the policy, the proxy's counts alone.
func behindProxy(t *testing.T) string {
	return strings.TrimPrefix(serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		fmt.Fprint(w, "x")
	}), "http://")
}

// springProgram compiles a Spring Boot application with a snippet, behind Spring Security,
// which lets no preflight through by itself.
func springProgram(t *testing.T, snippet string) string {
	lib := filepath.Join(root(t), "bin/stacks/spring/lib")
	present(t, lib)
	program := `package stack;

import java.util.List;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.UrlBasedCorsConfigurationSource;
import org.springframework.web.filter.CorsFilter;

@SpringBootApplication
@RestController
public class Snippet {
  @GetMapping("/x")
  Object x() {
    return Map.of();
  }

  @Bean
  SecurityFilterChain chain(HttpSecurity http) throws Exception {
    return http.cors(Customizer.withDefaults())
        .authorizeHttpRequests(a -> a.requestMatchers(q -> q.getMethod().equals("GET")).permitAll().anyRequest().denyAll())
        .build();
  }

SNIPPET
  public static void main(String[] args) {
    SpringApplication app = new SpringApplication(Snippet.class);
    app.setDefaultProperties(Map.of("server.port", System.getenv("PORT"), "server.address", "127.0.0.1"));
    app.run();
  }
}
`
	dir := t.TempDir()
	source := filepath.Join(dir, "Snippet.java")
	if err := os.WriteFile(source, []byte(strings.Replace(program, "SNIPPET", snippet, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "javac", "-parameters", "-cp", lib+"/*", "-d", dir, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return startServer(t, ".", nil, func(string) []string {
		return []string{"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", dir + ":" + lib + "/*", "stack.Snippet"}
	})
}

// behindNginxWith puts nginx with a snippet in front of a server.
func behindNginxWith(t *testing.T, upstream, snippet string) string {
	t.Helper()
	outside, inside, ok := strings.Cut(snippet, "server {")
	inside, ended := strings.CutSuffix(strings.TrimSpace(inside), "}\n}")
	if !ok || !ended {
		t.Fatalf("the snippet has another shape:\n%s", snippet)
	}
	s, err := nginx.Start(t.Context(), nginx.Config{HTTP: outside, Server: inside + "proxy_pass http://" + upstream + ";\n}\n"})
	if errors.Is(err, nginx.ErrMissing) {
		childtest.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Addr()
}

func present(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		missing(t, path)
	}
}

// missing skips a test for what is not installed, where it is not CI that runs and
// installs it.
func missing(t *testing.T, what string) {
	t.Helper()
	usual := slices.ContainsFunc([]string{"fastapi", "express"}, func(s string) bool { return filepath.Base(what) == s })
	if os.Getenv("CI") == "true" && (usual || *whichStacks == "all") {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("%s is not installed: scripts/stacks --all installs it", what)
}
