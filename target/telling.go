package target

import "strings"

// dataNouns are words of paths whose replies hold what belongs to a user, and
// aboutNouns those of replies that are about the application itself. A plural that
// is among neither holds data too, as far as anybody can tell.
var (
	dataNouns = words(`
		me self whoami profile profiles user users account accounts member members person people customer customers client clients
		patient patients employee employees contact contacts address addresses
		notebook notebooks note notes source sources document documents file files attachment attachments photo photos image images
		message messages mail mails email emails inbox conversation conversations chat chats thread threads comment comments
		order orders invoice invoices payment payments transaction transactions card cards bank banks balance balances wallet wallets cart carts
		credential credentials secret secrets key keys apikey apikeys token tokens password passwords session sessions
		setting settings preference preferences permission permissions
		project projects task tasks item items record records entry entries event events report reports data
		search history histories log logs audit audits device devices backup backups export exports`)
	aboutNouns = words(`
		language languages locale locales translation translations country countries currency currencies timezone timezones
		capability capabilities feature features flag flags version versions build info about config configuration configurations
		health healthz healthcheck live livez ready readyz liveness readiness ping status metrics
		schema schemas openapi swagger docs doc redoc spec specs manifest robots sitemap favicon
		enum enums option options constant constants type types template templates theme themes icon icons
		provider providers plan plans help faq terms privacy license licenses`)
)

// tells ranks a path by what its reply says of the victim, the most first: 0 for
// data, 1 where the name does not say, 2 for what is about the application. The
// last word that says anything counts.
func tells(path string) int {
	at, _, _ := strings.Cut(path, "?")
	list := splitWords(normalPath(at))
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case dataNouns[list[i]]:
			return 0
		case aboutNouns[list[i]]:
			return 2
		}
	}
	return 1
}

// namesData reports whether a path names something that is there to be read: by a
// noun of the lists, or by a plural at its end.
func namesData(path string) bool {
	list := splitWords(path)
	if len(list) == 0 {
		return false
	}
	last := list[len(list)-1]
	return tells(path) != 1 || len(last) > 3 && strings.HasSuffix(last, "s") && !strings.HasSuffix(last, "ss")
}
