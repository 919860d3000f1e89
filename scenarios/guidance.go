package scenarios

// Guidance names a source that asks for a requirement.
type Guidance struct {
	Source string `json:"source"`
	Ref    string `json:"ref"`
	URL    string `json:"url"`
}

func fetchStandard(anchor string) Guidance {
	return Guidance{"Fetch standard", "#" + anchor, "https://fetch.spec.whatwg.org/#" + anchor}
}

func hardeningStep(ref string) Guidance {
	return Guidance{"Open Notebook hardening guide", ref, "https://github.com/lfnovo/open-notebook"}
}

func asvs5(ref string) Guidance {
	return Guidance{"OWASP ASVS 5.0.0", ref, "https://owasp.org/www-project-application-security-verification-standard/"}
}

func asvs4(ref string) Guidance {
	return Guidance{"OWASP ASVS 4.0.3", ref, "https://owasp.org/www-project-application-security-verification-standard/"}
}

func wstg(ref string) Guidance {
	return Guidance{"OWASP WSTG", ref, "https://owasp.org/www-project-web-security-testing-guide/"}
}

func apiTop10(ref string) Guidance {
	return Guidance{"OWASP API Security Top 10", ref, "https://owasp.org/API-Security/"}
}

func cwe(number string) Guidance {
	return Guidance{"CWE", "CWE-" + number, "https://cwe.mitre.org/data/definitions/" + number + ".html"}
}

func rfc(number, section string) Guidance {
	return Guidance{"RFC " + number, "section " + section, "https://www.rfc-editor.org/rfc/rfc" + number + "#section-" + section}
}

func chen2018() Guidance {
	return Guidance{"Chen et al., USENIX Security 2018", "We Still Don't Have Secure Cross-Domain Requests", "https://www.usenix.org/conference/usenixsecurity18/presentation/chen-jianjun"}
}
