// Package corstest examines an [http.Handler] in a plain `go test`: a malicious
// page in a real Chrome tries to read the API with a victim's credential, and the
// trusted front end tries to do its work.
//
//	func TestCORS(t *testing.T) {
//		corstest.Run(t, api.Handler(),
//			corstest.At("https://api.example.com"),
//			corstest.Trusted("https://app.example.com"),
//			corstest.Read("/me"),
//			corstest.Cookie("session="+login(t)+"; Secure; HttpOnly; SameSite=None"))
//	}
//
// There is a subtest for each requirement, such as TestCORS/WLD-001. What violates
// a MUST fails, and so does what could not be judged, which is not a pass; what
// does not apply is skipped with the reason.
//
// # What is judged
//
// The handler is served on loopback. The browser finds it at the URL of [At], which
// nobody looks up: a Secure cookie, or a policy for a front end of the same site,
// are then what they will be in production. Without At it is
// http://127.0.0.1:8080, as a program on the user's own machine.
//
// The credential is what the victim has: [Cookie], [Basic], or both, each alone or
// [Together]; [Bearer] and [Header] are the token and the key of the trusted front
// end, which no attacker has. Without any of them it
// depends on the URL. On loopback or in a private network the API is judged by what
// the victim's place in the network gives away: any page that can read it has
// robbed the victim. On a public name everybody can read it anyway, and only the
// handling of errors, preflights and the front end is left to judge. Set
// [target.CredentialsConfig].Network with [Configure] to say otherwise, and name
// what anybody may read with [Open].
//
// Where nothing to read is named, the handler's OpenAPI document says it, or the
// usual paths are tried; nothing found is an error. Requests other than GET, HEAD
// and OPTIONS do not reach the handler, unless an [Endpoint] is SafeToWrite.
//
// # The browser
//
// Each examination starts a Chrome of its own and ends it, which takes less than a
// second. Without a Chrome or Chromium the test is skipped, unless [RequireBrowser],
// CROSSEXAM_REQUIRE_BROWSER=1 or CI=true asks for one, or CROSSEXAM_BROWSER names one
// that is not there.
package corstest
