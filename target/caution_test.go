package target

import (
	"strings"
	"testing"
)

// What by its name ends a session or changes something is left alone, and what only
// sounds like it is read.
func TestEffects(t *testing.T) {
	alone := `
		/logout /auth/sign-out /auth/signOut /password_reset /log_off /users/delete /newsletter/unsubscribe
		/log%6fut /log%256fut /log%25256Fut /%6Cogout //logout /./logout /x/../logout /api//users/delete /users\delete /LOGOUT /LogOut /Logout;jsessionid=1
		/logout/ /logout.php /logout.do /logoutall /logoutAll /userlogout /dologout /forcelogout /signoutcallback /logmeout/../signout
		/end-session /endsession /connect/endsession /oidc/end_session /endSession /account/log-out
		/deleteitem /deleteItem /DeleteItem /DELETEItem /delete_item /delete-all /items/1/delete /deleteme /deletedocument /accountdelete /harddelete /removeuser /destroyall
		/create /items/create /createuser /createSession /update /updateprofile /update_profile /users/1/update /transfer /bank/transfer /transfermoney /withdraw /withdrawall
		/archive /items/1/archive /ban /users/1/ban /block /users/1/block /add /cart/add /addItem /unlock /unlockdoor /rotate /keys/rotate /rotatekeys /poweroff /power-off /system/powerOff
		/keys/new /api-keys/new /apiKeys/new /tokens/new /newToken /new-key
		/reset /resetpassword /revoketokens /disableuser /shutdownnow /rebootserver /restartall /terminateall /cancelorder /cancelsubscription /activateuser
		/rpc/users.delete /rpc/users.deleteAll /trpc/user.logout /twirp/shop.Users/DeleteUser /v1/items:delete /v1/items/1:archive /jsonrpc?method=deleteUser /api.php?action=delete
		/api?cmd=re%62oot /graphql?query=mutation%7Bx%7D /graphql?query=mutation+A{x} /graphql?operationName=deleteUser /do?op=user.remove
		/send /messages/send /checkout /pay /order /import /run /users/1/promote /session/refresh
		/unarchive /items/1/unsuspend /redeploy /resubmit /rerun /bulkstop /massban /softarchive /forceapprove /flushall /stopAll /runnow /items/mark-as-read /markAllRead /notifications/read-all
		/me/forget /v1/expunge /upvote /users/1/follow /unfollow /subscribe /opt-in /joinRoom /ack /keys/regen /reissue /impersonate /switch-user /users/1/setPassword /changeEmail /toggleLight
		/jobs/enqueue /retry /requeue /-/reload /-/quit /quitquitquit /debug/gc /nodes/1/drain /failover /undo /duplicate /generateInvoice /merge /verifyEmail /log-me-out /grant`
	read := `
		/ /blocks /blocks/latest /additions /updates /address /addresses /addressbook /additional /news /newsletter /newest /items/newest /renewals /new
		/deleted /deleted-items /deleteditems /deletions /createdat /created /creators /creations /updated /updatedat /updater /removed /removals /archives /archived /bans /banned /banner /banners /bank
		/transfers /transferred /transferable /withdrawals /withdrawn /resets /presets /preset /resettable /rotations /rotated /unlocked /unlocks /cancelled /cancellations /activated /activations /enabled /disabled
		/blogs /blog /blogoutput  /designoutline /signature/output /login /logins /logs /catalog /catalogoutline /sessions /session
		/runs /runtime /orders /orderings /order/history /block-list /block/list /import/status /transfers/1 /purchase-history /add-ons /addons /refund-policy
		/merge-requests /merges /grants /crash/reports /crashes /changes /change-log /change/history /captures /invites /exits /panics /joins /pins /retries /followers /following /followed /subscriptions /subscribers /subscribed
		/recall /overall /reviews /resources /reports /unit /unread /default /defaults /delivery /marks /marketplace /marked /generated /generators /generations /sets /set/cards /assignments /provisions /evaluations /duplicates
		/settings /sends /senders /sender /payments /payload /buyers /startups /starters /stops /closest /opened /dropdowns /droplets /clearance /killed
		/api/notebooks /users/me /items?status=deleted /items?sort=update /items?order=desc /search?q=delete /graphql?query={me{name}} /caf%C3%A9 /100%25 /%zz`
	for _, p := range strings.Fields(alone) {
		if effect(p, "") == "" {
			t.Errorf("%s would be read", p)
		}
	}
	for _, p := range strings.Fields(read) {
		if w := effect(p, ""); w != "" {
			t.Errorf("%s would be left alone for %q", p, w)
		}
	}
}

// An id tells what a path does not, and does not win over a path that names data.
func TestEffectOfAnID(t *testing.T) {
	for _, c := range []struct {
		path, id string
		alone    bool
	}{
		{"/x", "resetPasswordNow", true},
		{"/x", "users.delete", true},
		{"/do", "logoutAll", true},
		{"/x", "listThings", false},
		{"/api/data", "data_api_data_delete", false},
		{"/api/data", "deleteData", false},
		{"/items", "items_delete", false},
		{"/items/delete", "getItems", true},
	} {
		if got := effect(c.path, c.id) != ""; got != c.alone {
			t.Errorf("%s %s: left alone: %t", c.path, c.id, got)
		}
	}
}

// What is excluded stays so, whatever way it is written.
func TestExcluded(t *testing.T) {
	for _, c := range []struct {
		pattern, paths string
		want           bool
	}{
		{"/admin/*", "/admin/x /admin/ /admin //admin/x /%61dmin/x /%2561dmin/x /./admin/x /x/../admin/x /Admin/x /admin%2Fx /admin//x /admin/x?y=1 /admin/../admin/x", true},
		{"/admin/*", "/administrator /x/admin/y /admi /admin.json", false},
		{"/admin", "/admin /admin/ /%61dmin //admin /admin?x", true},
		{"/admin", "/admin/x /admins", false},
		{"/%61dmin//*", "/admin/x", true},
		{"*/internal/*", "/a/internal/b /%69nternal/b //internal/b", true},
		{"*.json", "/a.json /a%2Ejson", true},
		{"*", "/ /a", true},
	} {
		for _, p := range strings.Fields(c.paths) {
			if got := excluded(p, []string{"/nothing", c.pattern}); (got == c.pattern) != c.want {
				t.Errorf("%s by %s: %q", p, c.pattern, got)
			}
		}
	}
}

// What holds a user's data is read before what is about the application.
func TestTells(t *testing.T) {
	for i, list := range []string{
		"/api/notebooks /notes /sources /api/settings /credentials /users /users/me /orders /messages /accounts /api/v1/account /bank-accounts /userProfiles /config/users /items /items/1 /search?lang=x",
		"/ /api /x /v1/things",
		"/languages /api/capabilities /version /config /api/config /health /models/providers /users/languages /settings/locales /openapi.json /notes/templates",
	} {
		for _, p := range strings.Fields(list) {
			if got := tells(p); got != i {
				t.Errorf("%s: %d, want %d", p, got, i)
			}
		}
	}
}

// An encoding of an encoding is taken out whole, and in time that its length gives,
// however deep a target's document nests it.
func TestDecoded(t *testing.T) {
	for text, want := range map[string]string{
		"%25%34%31": "A", "%%325": "%", "%2%35": "%", "%%3434": "C4", "%": "%", "%2": "%2", "%zz%": "%zz%", "a%2541%2Fb": "aA/b",
		"%" + strings.Repeat("25", 1_000_000) + "41": "A", // minutes, were it taken off layer by layer
	} {
		if got := decoded(text); got != want {
			t.Errorf("%.20s: %.20q, want %q", text, got, want)
		}
	}
}
