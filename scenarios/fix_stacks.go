package scenarios

import (
	"cmp"
	"slices"
	"strings"
)

// FixIn says in sentences how those stacks have what the fix of a scenario asks for, or is
// empty. Stacks are named as the snippets of a report are; where none is known, what most
// people run is told.
func FixIn(id string, stacks []string) string {
	if len(stacks) == 0 {
		stacks = []string{"fastapi", "nginx"}
	}
	family, _, _ := strings.Cut(id, "-")
	table, ok := fixesIn[id]
	if !ok {
		table = fixesIn[family]
	}
	var sentences []string
	for _, s := range stacks {
		text := cmp.Or(table[s], table[stackKinds[s]])
		if text != "" && !slices.Contains(sentences, text) {
			sentences = append(sentences, text)
		}
	}
	return strings.Join(sentences, " ")
}

// WholeFix is the fix where nothing is known of the target's stack.
func (s Scenario) WholeFix() string { return strings.TrimSpace(s.Fix + " " + FixIn(s.ID, nil)) }

// stackKinds are what several stacks have in common.
var stackKinds = map[string]string{
	"express": "node", "fastify": "node", "hono": "node", "koa": "node",
	"go": "golang", "go-jub0bs": "golang", "chi": "golang", "gorilla": "golang", "gin": "golang", "echo": "golang", "fiber": "golang", "fiber-2": "golang",
}

// fixesIn is by scenario, or by family for those that have none of their own.
var fixesIn = map[string]map[string]string{
	"WLD": {
		"fastapi": "In FastAPI the list is allow_origins of CORSMiddleware.",
		"flask":   "In Flask the list is origins of CORS(app).",
		"django":  "In Django the list is CORS_ALLOWED_ORIGINS, without CORS_ALLOW_ALL_ORIGINS.",
		"node":    "In Node the list is origin of the CORS middleware: strings, and not true, a pattern or a function that says yes to all.",
		"golang":  "In Go the list is that of allowed origins of the CORS middleware, without a function that says yes to all.",
		"spring":  "In Spring the list is setAllowedOrigins, without setAllowedOriginPatterns(\"*\").",
		"nginx":   "In nginx, answer from a map of exact origins and never with $http_origin itself.",
		"caddy":   "In Caddy, grant in a matcher of the exact values of the header Origin.",
	},
	"WLD-006": {
		"fastapi": "In FastAPI write allow_methods=[\"GET\", \"POST\", ...] instead of [\"*\"].",
		"nginx":   "In nginx, write them out instead of $http_access_control_request_method.",
	},
	"WLD-007": {
		"fastapi": "In FastAPI write allow_headers=[\"Authorization\", \"Content-Type\"] instead of [\"*\"], which Starlette turns into an echo.",
		"nginx":   "In nginx, write them out instead of $http_access_control_request_headers.",
	},
	"WLD-005": {"fastapi": "Starlette before 1.0 turns \"*\" with credentials into an echo of the origin as soon as the request has a cookie."},
	"ORG": {
		"fastapi": "In FastAPI write the origins into allow_origins, and take allow_origin_regex out.",
		"flask":   "In Flask write the origins into origins without a character of patterns such as * or \\, which makes a pattern of a string.",
		"django":  "In Django write the origins into CORS_ALLOWED_ORIGINS, and take CORS_ALLOWED_ORIGIN_REGEXES out.",
		"node":    "In Node, give the CORS middleware a list of strings as origin, and no RegExp.",
		"golang":  "In Go, write the origins into the middleware's list of allowed ones, and take out the function that decides, and every *.",
		"spring":  "In Spring use setAllowedOrigins, and take setAllowedOriginPatterns out.",
		"caddy":   "In Caddy, match the header Origin by its exact values, and not by header_regexp or with a *.",
		"nginx":   "In nginx use a map of anchored, escaped patterns, \"~^https://app[.]example[.]com$\", since its plain strings ignore case.",
	},
	"CRD-001": {
		"fastapi": "With Starlette's SessionMiddleware: https_only=True, same_site=\"lax\".",
		"flask":   "In Flask: SESSION_COOKIE_SECURE=True, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE=\"Lax\".",
		"django":  "In Django: SESSION_COOKIE_SECURE = True, SESSION_COOKIE_HTTPONLY = True, SESSION_COOKIE_SAMESITE = \"Lax\".",
		"node":    "With express-session and its like: cookie: { secure: true, httpOnly: true, sameSite: \"lax\" }.",
		"golang":  "In Go: http.Cookie{Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, ...}.",
		"spring":  "In Spring: server.servlet.session.cookie.secure=true, .http-only=true and .same-site=lax.",
	},
	"CRD-003": {"fastapi": "In FastAPI set allow_credentials=False."},
	"CRD-004": {"fastapi": "Starlette's CORSMiddleware sends it to every origin while allow_credentials=True; set it to False unless the front end needs cookies."},
	"ERR-001": {
		"fastapi": "In FastAPI add CORSMiddleware after every other middleware, so that it is outermost.",
		"flask":   "In Flask, CORS(app) covers errors that Flask answers, and not those of a WSGI middleware around it.",
		"django":  "In Django, corsheaders.middleware.CorsMiddleware stands first in MIDDLEWARE.",
		"node":    "In Node, register it before logins and routes.",
		"golang":  "In Go, wrap it around the router, logins and recovery.",
		"spring":  "With Spring Security: http.cors(withDefaults()) in the filter chain.",
		"nginx":   "In nginx, write add_header with always, or errors lose the headers; a block with an add_header of its own needs them all.",
		"haproxy": "In HAProxy use http-after-response instead of http-response.",
	},
	"ERR-004": {
		"fastapi": "In FastAPI add an exception handler for Exception that answers 500 with the CORS headers of a listed origin, since Starlette's own stands outside of all middleware; or wrap the whole application: app = CORSMiddleware(app, ...).",
		"golang":  "In Go, the recovery middleware belongs inside of the CORS middleware.",
		"node":    "In Node, an error handler of the application's own, registered last, keeps the headers that the CORS middleware has set.",
		"nginx":   "In nginx, write add_header with always, or errors lose the headers.",
	},
	"HDR-002": {"fastapi": "Starlette's CORSMiddleware leaves it out there before 1.10.", "nginx": "In nginx: add_header Vary Origin always."},
	"HDR-003": {"fastapi": "Starlette before 1.0 turns \"*\" into an echo when there is a cookie."},
	"HDR-006": {"nginx": "In nginx: add_header Vary Origin always."},
	"HDR-007": {
		"fastapi": "In FastAPI by a middleware, or a dependency of the routes that need a login.",
		"django":  "In Django by the decorator never_cache or cache_control(private=True).",
		"nginx":   "In nginx: add_header Cache-Control no-store always.",
	},
	"HDR-008": {"fastapi": "In FastAPI set redirect_slashes=False, or add CORSMiddleware after every other middleware.", "nginx": "In nginx, write add_header with always for its own redirects."},
	"NET-003": {"fastapi": "In Starlette it is allow_private_network=False."},
	"NET-004": {
		"fastapi": "In FastAPI: TrustedHostMiddleware, allowed_hosts=[\"127.0.0.1\", \"localhost\", ...].",
		"django":  "In Django: ALLOWED_HOSTS = [\"127.0.0.1\", \"localhost\", ...].",
		"nginx":   "In nginx: a default_server that answers 421.",
	},
	"PRE-004": {"fastapi": "In FastAPI it is allow_methods, and \"*\" stands for every method that Starlette knows."},
	"PRE-005": {"fastapi": "In FastAPI it is allow_headers."},
	"PRE-006": {"fastapi": "In FastAPI that is CORSMiddleware; then take the OPTIONS block out of nginx.", "nginx": "Where the application has CORS, take the OPTIONS block out of nginx."},
	"PRE-007": {
		"fastapi": "In FastAPI add CORSMiddleware after every other middleware, so that it is outermost.",
		"flask":   "In Flask, have the before_request that asks for the login return at once where request.method is OPTIONS.",
		"django":  "In Django, corsheaders.middleware.CorsMiddleware stands first in MIDDLEWARE.",
		"node":    "In Node, register the CORS middleware before the login's.",
		"golang":  "In Go, wrap the CORS middleware around the login's.",
		"spring":  "With Spring Security: http.cors(withDefaults()) in the filter chain, and the list in a bean CorsConfigurationSource or CorsFilter.",
		"nginx":   "In nginx, answer OPTIONS with the CORS headers and return 204 in an if before auth_basic or auth_request asks.",
	},
	"PRE-008": {"fastapi": "In FastAPI add CORSMiddleware after every other middleware.", "nginx": "In nginx, return 204 for OPTIONS."},
	"TRU": {
		"fastapi": "In FastAPI these are allow_origins, allow_credentials, allow_methods, allow_headers and expose_headers of CORSMiddleware.",
		"flask":   "In Flask these are origins, supports_credentials, methods, allow_headers and expose_headers of CORS(app).",
		"django":  "In Django these are CORS_ALLOWED_ORIGINS, CORS_ALLOW_CREDENTIALS, CORS_ALLOW_METHODS, CORS_ALLOW_HEADERS and CORS_EXPOSE_HEADERS.",
		"nginx":   "In nginx, add_header Access-Control-Expose-Headers belongs to the replies themselves, and methods and headers to the preflight.",
	},
	"ALT-001": {
		"fastapi": "In FastAPI, look at websocket.headers[\"origin\"] before websocket.accept().",
		"node":    "With ws, look at request.headers.origin in the server's upgrade event before handleUpgrade.",
		"golang":  "In Go it is CheckOrigin of gorilla/websocket's Upgrader, or OriginPatterns of coder/websocket, which compares by itself.",
		"django":  "With Django Channels: AllowedHostsOriginValidator or OriginValidator.",
		"spring":  "In Spring it is setAllowedOrigins of the handler's registration.",
		"nginx":   "In nginx, answer 403 from a map of exact origins.",
	},
	"ALT-002": {"fastapi": "In FastAPI, look at the headers given to StreamingResponse or EventSourceResponse."},
	"ALT-003": {"fastapi": "FastAPI does so since 0.132 (0.65.2 for text/plain).", "express": "In Express, express.json() leaves req.body empty then: answer 415 where it is."},
}
