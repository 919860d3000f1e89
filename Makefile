# `make` alone lists the targets: it prints the lines of this file that begin with `#:` and the text after `##` of each target.
#: usage: make GOAL [VARIABLE=value ...]
#:
.DEFAULT_GOAL := help
.PHONY: help setup stacks stacks-test demo test test-fast hostile chaos fleet-chaos bench-fleet soak generate recordings lint vuln bench peers fuzz cross release-snapshot docs docs-test pictures image-test clean bin/crossexam

# More flags for `go test`.
TESTFLAGS ?=
# How long each fuzz target runs, and how many trials the oracle has against Chrome.
FUZZTIME ?= 10s
TRIALS ?= 100000
# Which behaviours `make hostile` meets: all, or patterns of their names, separated by commas.
BEHAVIOURS ?= all
# How many runs `make chaos` interrupts, and what its moments follow from; 0 draws it.
SIGNALS ?= 200
SEED ?= 0
# How often `make soak` examines.
REPEATS ?= 500

# Rooms whose goroutines share something: the race detector watches their tests, and
# some whole examinations, which run with it alone. All else leaves concurrency to them,
# or runs the built command, in which the detector would see nothing.
raced := attacker child fleet loopback scratch tap
examinations := ^(TestBrowserDiesOnce|TestCookieMatrix|TestPasswordIsJudged|TestOptions)$$
blank := $(subst ,, )
plain = $(shell go list ./... | grep -vE '/($(subst $(blank),|,$(raced)))(/|$$)')

comma := ,
# $(call quote,TEXT) is TEXT as one word of the shell, whatever is in it.
quote = '$(subst ','\'',$(1))'
# $(value NAME) is what the user wrote: $(NAME) would expand a dollar sign in it.
trusted = $(foreach o,$(subst $(comma), ,$(value TRUSTED)),--trusted $(call quote,$(o)))
read = $(foreach p,$(value READ),--read $(call quote,$(p)))

# Make answers every failure with its own exit code 2, so the recipe says what crossexam's was.
explain = code=$$?; case $$code in \
	0) meaning='$(1)' ;; \
	1) meaning='a MUST requirement is violated (with --strict a SHOULD too)' ;; \
	2) meaning='usage or configuration' ;; \
	3) meaning='could not judge, which is not a pass' ;; \
	*) meaning='crossexam itself crashed or was stopped' ;; \
	esac; echo "crossexam: exit code $$code: $$meaning" >&2; exit $$code

help: ## this list
	@awk '/^#: ?/ { sub(/^#: ?/, ""); print } /^[a-z-]+:.* ## / { name = $$1; sub(/:.*/, "", name); sub(/^.* ## /, ""); printf "  make %-11s %s\n", name, $$0 }' $(firstword $(MAKEFILE_LIST))

setup: ## find Go, git and Chrome or Chromium; install Debian's Chromium where that is possible
	@scripts/setup

stacks: ## find what this project's own tests run (nginx, NSS's tools, FastAPI, Express, Go routers); install it where that is possible
	@scripts/stacks

# In CI what is not installed is an error; the test skips it otherwise.
stacks-test: setup ## examine every stack of fixtures/stacks, compare with what is known of it, and run the snippets of reports; STACKS=quick for the right lists of what installs quickly
	@scripts/stacks $(if $(filter quick,$(STACKS)),,--all)
	go test -count=1 -timeout 60m $(TESTFLAGS) -run '^(TestEveryStack|TestSnippetsAreServed)$$' ./cmd/crossexam -stacks $(call quote,$(or $(STACKS),all))

# go build knows best what is out of date.
bin/crossexam: setup
	go build -o $@ ./cmd/crossexam

demo: setup bin/crossexam ## the exfiltration, end to end, on the embedded API; writes crossexam-report/
	@bin/crossexam demo --out crossexam-report; $(call explain,the demo showed what it had to)

# A test that starts a browser skips itself with -short; one that forgets to gets a browser that
# ends at once. An example cannot skip itself.
test-fast: ## the tests that start no browser and read or write no huge inputs, without the race detector
	CROSSEXAM_BROWSER=$$(command -v false) go test -short -p 4 -skip '^Example' -count=1 $(TESTFLAGS) ./...

ifeq ($(origin TARGET),undefined)

# Given on the command line without TARGET they are a mistake, and silence would be a green run of something else.
stray := $(strip $(foreach v,TRUSTED READ FLAGS COOKIE BASIC BEARER,$(if $(filter command,$(origin $(v))),$(v))))

# -count=1: what a browser does is no input that go's test cache could know.
test: setup stacks ## this project's own tests
ifneq ($(stray),)
	@echo "make test: $(stray) is for a run against a deployment: give TARGET=http://... or https://... too" >&2; exit 2
else
	@status=0; \
	run() { echo "go test $$*"; go test -count=1 -timeout 45m "$$@" || status=1; }; \
	run -race $(TESTFLAGS) $(raced:%=./%/...); \
	run -race -run '$(examinations)' $(TESTFLAGS) ./engine ./suite/corstest; \
	run -skip '$(examinations)' $(TESTFLAGS) $(plain); \
	exit $$status
endif

else ifeq ($(filter http://% https://%,$(firstword $(value TARGET))),)

test:
	@printf 'make test: TARGET=%s is not an http:// or https:// URL. Unset it for this project'\''s own tests.\n' $(call quote,$(value TARGET)) >&2; exit 2

else

# Secrets go by environment: a command line can be read in the process list.
define secret
ifneq ($$(origin $(1)),undefined)
override export CROSSEXAM_$(1) := $$(value $(1))
else ifneq ($$(origin CROSSEXAM_$(1)),undefined)
override export CROSSEXAM_$(1) := $$(value CROSSEXAM_$(1))
endif
endef
$(foreach name,COOKIE BASIC BEARER,$(eval $(call secret,$(name))))

test: setup bin/crossexam
	@echo bin/crossexam test $(call quote,$(call quote,$(value TARGET)) $(trusted) $(read)) $(call quote,$(value FLAGS))
	@bin/crossexam test $(call quote,$(value TARGET)) $(trusted) $(read) $(value FLAGS); $(call explain,the target conforms)

endif

# go run would leave an empty page where the command does not build.
generate: ## write what is generated: docs/catalogue.md, the tables of docs/configuration.md, the schema of fleet.yaml, the picture in docs/architecture.md, docs/stacks.md
	@mkdir -p bin
	go run ./cmd/crossexam list --markdown >bin/catalogue.md
	@mv bin/catalogue.md docs/catalogue.md
	go test -count=1 -run '^TestPictureOfTheImports$$' . -write
	go test -count=1 -run '^(TestPresetsAreDocumented|TestSchemaIsDocumented|TestFleetSchemaIsTheConfigurations)$$' ./target -write
	go test -count=1 -run '^TestPageOfTheStacks$$' ./fixtures/stacks/deployments -write

# Not in generate: they need Chrome, and no two are alike, so that CI could not compare them.
recordings: setup ## write the observations of Chrome that the judges' tests replay, scenarios/testdata/recordings
	go test -count=1 -run '^TestPoliciesAreConvictedByWhatTheyBreak$$' ./engine -record

# Each has a short form in `make test`, but for the soak, whose shortest would take longer than it could find.
hostile: setup ## nearly 400 hostile or broken targets, examined, swept, in one fleet, by an assistant and by learn; BEHAVIOURS='body/*,tls/*' chooses
	go test -count=1 -v -timeout 4h $(TESTFLAGS) -run '^TestHostile' ./cmd/crossexam -hostile $(call quote,$(BEHAVIOURS))

chaos: setup ## SIGNALS (200) interrupts and kills at random moments of a run; it prints the SEED that repeats them
	go test -count=1 -v -timeout 4h $(TESTFLAGS) -run '^TestChaos$$' ./cmd/crossexam -chaos $(SIGNALS) -chaos-seed $(SEED) -chaos-label ''

fleet-chaos: setup ## 1,000 targets, while workers are killed 20 times, brokers 5 times and the disk is full once, on the built-in broker and on a cluster, which in the end loses its power
	go test -count=1 -v -timeout 2h $(TESTFLAGS) -run '^TestFleetChaos$$' ./cmd/crossexam -fleet-targets 1000 -fleet-kills 20 -fleet-node-kills 5 -fleet-cluster -fleet-proofs 6 -fleet-seed $(SEED)

bench-fleet: setup ## measure fleets of 100 to 10,000 targets; writes crossexam-bench-fleet.json
	go test -count=1 -v -timeout 3h $(TESTFLAGS) -run '^TestFleetBench$$' ./cmd/crossexam -fleet-bench $(CURDIR)/crossexam-bench-fleet.json

soak: setup ## REPEATS (500) examinations of three policies in turn, with load beside: each finds what the first one found
	go test -count=1 -v -timeout 12h $(TESTFLAGS) -run '^TestSoak$$' ./cmd/crossexam -soak $(REPEATS)

lint: ## gofmt, go vet, staticcheck, and the shell scripts
	@scripts/lint

bench: setup ## measure; writes crossexam-bench.json
	go run ./cmd/bench

peers: bin/crossexam ## run what others use beside crossexam on the stacks of make stacks-test, where CORSY, CORSCANNER, CORSTEST and NUCLEI say where that is
	go run ./cmd/bench/peers $(STACKS)

# Not in .ci/run: what it finds depends on the day. The database is asked on the network or,
# where that is not reached, read as the Go module that it is too.
vuln: ## govulncheck: known vulnerabilities that this code calls, in the Go that builds it too
	@go tool -modfile=tools/go.mod govulncheck ./... || { status=$$?; [ $$status = 1 ] || exit $$status; \
		db=$$(go mod download -json golang.org/x/vulndb@latest | sed -n 's/^.*"Dir": "\(.*\)",$$/\1/p'); \
		[ -n "$$db" ] || exit 1; \
		echo "make vuln: the database is $${db##*/}"; \
		go tool -modfile=tools/go.mod govulncheck -db "file://$$db/data/osv" ./...; }

fuzz: ## run every fuzz target for FUZZTIME (10s) each, and TRIALS (100000) of the oracle against Chrome with drawn seeds
	@failed=; \
	echo "fuzz: the oracle against Chrome"; \
	go test -count=1 -v -timeout 4h -run '^TestOracleAgainstChrome$$' ./engine -seed 0 -trials $(TRIALS) || failed=" the oracle"; \
	scripts/fuzz $(FUZZTIME) || failed="$$failed fuzz targets"; \
	if [ -n "$$failed" ]; then echo "make fuzz: failed:$$failed" >&2; exit 1; fi

# The packages that are vetted have files for one platform alone.
cross: ## build the command for every platform that a release is for, and vet it there
	@for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do \
		echo "cross: $$platform"; \
		export CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		go build -o /dev/null ./cmd/crossexam && go vet ./child ./scratch ./loopback ./tap ./attacker ./engine ./cmd/crossexam || exit 1; \
	done

# The newest goreleaser needs a newer Go than this project, so that it is no tool of tools/go.mod; 2.16.0 was built with this one, and syft 1.57.1.
release-snapshot: ## make a release in dist/ and publish nothing, with goreleaser and syft
	@if [ -z "$$(command -v goreleaser)" ] || [ -z "$$(command -v syft)" ]; then \
		echo "make release-snapshot: goreleaser and syft are needed on PATH: https://goreleaser.com/install and https://github.com/anchore/syft" >&2; exit 2; fi
	TAP_TOKEN= goreleaser release --snapshot --clean

docs: ## the documentation as a site in dist/site, with search, to be read without a network
	@scripts/site/build

docs-test: setup stacks ## run every command that the documentation shows, and compare what it prints; make test leaves the examinations out
	go test -count=1 -timeout 60m $(TESTFLAGS) -run '^TestDocumented' ./cmd/crossexam -docs

pictures: setup stacks docs ## make the pictures of README.md from a real run
	@scripts/pictures

image-test: ## build the image of the Dockerfile on base images made here, and run it; as root, on Debian
	@scripts/image-test

clean: ## remove what the other targets wrote
	rm -rf bin crossexam-report dist
	rm -f crossexam-bench.json crossexam-bench-fleet.json coverage.out

#:
#: Against a deployment, which you must be allowed to test:
#:   make test TARGET=https://api.example.com TRUSTED=https://app.example.com
#:   TRUSTED  origins that may read the API, separated by commas or blanks
#:   READ     paths to try to read, separated by blanks
#:   FLAGS    more flags for crossexam, as words of the shell, such as FLAGS=--strict
#:   COOKIE, BASIC, BEARER
#:            the victim's secret. Set it in the environment, not on the command line: COOKIE='session=...' make test TARGET=...
#:            crossexam gets it by environment, as CROSSEXAM_COOKIE, CROSSEXAM_BASIC or CROSSEXAM_BEARER, which can be set as well.
#:   Exit codes of crossexam: 0 conforms, 1 a MUST requirement is violated (with --strict a SHOULD too), 2 usage or
#:   configuration, 3 could not judge. Make answers 2 to every one but 0: CI should call bin/crossexam (make bin/crossexam
#:   builds it) or read crossexam-report/report.json.
#: For this project's own work: TESTFLAGS adds flags to `go test`, FUZZTIME says how long each fuzz target runs, TRIALS how many
#:   trials the oracle has, BEHAVIOURS which hostile targets, SIGNALS and SEED which interruptions, REPEATS how long a soak,
#:   STACKS on which stacks make peers runs.
