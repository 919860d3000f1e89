package scenarios

// Credential is something the browser adds to a request by itself (an ambient
// credential), or a secret that only the trusted front end can add in a header; or
// several of these, which go together (see [Together]).
type Credential string

// The kinds of credential. Network is the victim's position in the network: the
// API asks for nothing else. Bearer is a token in "Authorization: Bearer", and
// Header a secret in any other header, such as X-API-Key, or several of them; Query is
// one in the query of the URL, such as api_key.
// AnyCookie is a cookie of the target's host that is no login: victims may have one
// beside their credential.
const (
	Anonymous  Credential = ""
	Cookie     Credential = "cookie"
	AnyCookie  Credential = "any-cookie"
	Basic      Credential = "basic"
	ClientCert Credential = "client-cert"
	Network    Credential = "network"
	Bearer     Credential = "bearer"
	Header     Credential = "header"
	Query      Credential = "query"
)
