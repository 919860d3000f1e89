package fleetreport
import ("testing";"os";"strings";"fmt"
 "github.com/chromedp/chromedp"
 "github.com/chromedp/cdproto/emulation"
 "github.com/crossexam/crossexam/attacker/browsertest")
func TestShots(t *testing.T) {
	list := os.Getenv("SHOTS"); if list == "" { t.Skip() }
	r := browsertest.OpenReader(t, "MAP * ~NOTFOUND")
	for _, p := range strings.Split(list, ",") {
		name, file, _ := strings.Cut(p, "=")
		r.Seen(1280, "light")
		r.Open("file://" + file)
		for _, v := range []struct{w int64; s string}{{1280,"light"},{1280,"dark"},{390,"light"}} {
			r.Seen(v.w, v.s)
			fmt.Println(name, v.w, r.Says("document.documentElement.scrollWidth + ' ' + [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll')).slice(0,6).map(e => e.tagName+'.'+e.className+'#'+e.id+' '+Math.round(e.getBoundingClientRect().right)).join('; ')"))
			h := r.Says("Math.min(document.documentElement.scrollHeight, 3600)")
			var hh int64; fmt.Sscan(h, &hh)
			if err := chromedp.Do(r.Tab, chromedp.EmulateViewport(v.w, hh)); err != nil { t.Fatal(err) }
			_, err := chromedp.Call(r.Tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.s}}})
			if err != nil { t.Fatal(err) }
			b, err := chromedp.Run(r.Tab, chromedp.CaptureScreenshot())
			if err != nil { t.Fatal(err) }
			os.WriteFile(fmt.Sprintf("/tmp/fleetreport/%s-%d-%s.png", name, v.w, v.s), b, 0o644)
		}
		b, err := chromedp.Run(r.Tab, chromedp.PrintToPDF())
		if err != nil { t.Fatal(err) }
		os.WriteFile("/tmp/fleetreport/"+name+".pdf", b, 0o644)
	}
}
