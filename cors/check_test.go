package cors

import (
	"strings"
	"testing"
)

const app = "https://app.example"

// Every row was seen in Chrome 156.
func TestCheck(t *testing.T) {
	const any, same, incl = "omit or include", "omit", "include"
	for _, tc := range []struct {
		mode string // of credentials
		h    Headers
		want Reason
	}{
		{any, nil, MissingAllowOriginHeader},
		{any, lines("Allow-Origin", app), MissingAllowOriginHeader},

		{same, lines(HeaderAllowOrigin, app), Allowed},
		{same, lines(HeaderAllowOrigin, "*"), Allowed},
		{same, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, "no"), Allowed},
		{any, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, "true"), Allowed},
		{any, lines("access-control-ALLOW-origin", " \t"+app+"\t ", "access-control-allow-credentials", " true\t"), Allowed},

		{incl, lines(HeaderAllowOrigin, "*"), WildcardOriginNotAllowed},
		{incl, lines(HeaderAllowOrigin, "*", HeaderAllowCredentials, "true"), WildcardOriginNotAllowed},

		{incl, lines(HeaderAllowOrigin, app), InvalidAllowCredentials},
		{incl, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, ""), InvalidAllowCredentials},
		{incl, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, "True"), InvalidAllowCredentials},
		{incl, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, "1"), InvalidAllowCredentials},
		{incl, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, `"true"`), InvalidAllowCredentials},
		{incl, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, "true,"), InvalidAllowCredentials},
		{incl, lines(HeaderAllowOrigin, app, HeaderAllowCredentials, "true", HeaderAllowCredentials, "true"), InvalidAllowCredentials},

		{any, lines(HeaderAllowOrigin, app, HeaderAllowOrigin, app), MultipleAllowOriginValues},
		{any, lines(HeaderAllowOrigin, "*", HeaderAllowOrigin, "*"), MultipleAllowOriginValues},
		{any, lines(HeaderAllowOrigin, app, HeaderAllowOrigin, ""), MultipleAllowOriginValues},
		{any, lines(HeaderAllowOrigin, "", HeaderAllowOrigin, app), MultipleAllowOriginValues},
		{any, lines(HeaderAllowOrigin, app+","), MultipleAllowOriginValues},
		{any, lines(HeaderAllowOrigin, app+" https://other.example"), MultipleAllowOriginValues},
		{any, lines(HeaderAllowOrigin, "null, null"), MultipleAllowOriginValues},
		{any, lines(HeaderAllowOrigin, ","), MultipleAllowOriginValues},

		{any, lines(HeaderAllowOrigin, ""), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, " \t "), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "**"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, `"*"`), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, `"`+app+`"`), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "app.example"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "//app.example"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "*.example"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "NULL"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "https://"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "https://app.example:99999"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "https://1.2.3.4.5"), InvalidAllowOriginValue},
		{any, lines(HeaderAllowOrigin, "https://\xff"), InvalidAllowOriginValue},

		{any, lines(HeaderAllowOrigin, "null"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, app+"/"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, app+":443"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, "https://App.example"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, "http://app.example"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, "https:app.example"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, "https://*.example"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, "app.example:443"), AllowOriginMismatch}, // a URL of scheme app.example
		{any, lines(HeaderAllowOrigin, "https://bücher.example"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, app+"\thttps://other.example"), AllowOriginMismatch},
		{any, lines(HeaderAllowOrigin, "\x01"+app), AllowOriginMismatch},
	} {
		for _, credentials := range []bool{false, true} {
			if tc.mode == any || credentials == (tc.mode == incl) {
				if got := Check(app, credentials, tc.h); got != tc.want {
					t.Errorf("credentials %v, %q: %q, want %q", credentials, tc.h, got, tc.want)
				}
			}
		}
	}
}

func TestCheckNull(t *testing.T) {
	for allow, want := range map[string]Reason{
		"null": Allowed, "*": Allowed, app: AllowOriginMismatch, "Null": InvalidAllowOriginValue,
	} {
		if got := Check(Opaque.String(), false, lines(HeaderAllowOrigin, allow)); got != want {
			t.Errorf("Allow-Origin %s for the null origin: %q, want %q", allow, got, want)
		}
	}
	h := lines(HeaderAllowOrigin, "null", HeaderAllowCredentials, "true")
	if got := Check("null", true, h); got != Allowed {
		t.Errorf("the null origin gets credentials like any other, not %q", got)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(app, app, "true")
	f.Add("null", "*", "")
	f.Add(app, "https://[::1", "TRUE")
	f.Fuzz(func(t *testing.T, origin, allow, credentials string) {
		h := lines(HeaderAllowOrigin, allow, HeaderAllowCredentials, credentials)
		without, with := Check(origin, false, h), Check(origin, true, h)
		if without == Allowed && trim(allow) != origin && trim(allow) != "*" {
			t.Errorf("%q is granted to %q", allow, origin)
		}
		if with == Allowed && (without != Allowed || trim(allow) == "*" && origin != "*" || trim(credentials) != "true") {
			t.Errorf("%q, %q is granted to %q with credentials", allow, credentials, origin)
		}
		if twice := append(h, h[0]); !strings.Contains(origin, ",") && Check(origin, false, twice) == Allowed {
			t.Errorf("two lines of %q are granted to %q", allow, origin)
		}
		for _, r := range []Reason{without, with} {
			if r != Allowed && (!r.IsPolicy() || r.IsPreflight()) {
				t.Errorf("Check gives %q", r)
			}
		}
	})
}
