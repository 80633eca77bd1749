# Every target works from a fresh clone on Debian 12 with Swift 6.3; what else is needed gets installed by package.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift

# Where systemd and zsh look below /usr/local; a distribution has its own places below /usr.
UNITDIR ?= $(PREFIX)/lib/systemd/system
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
# Where the unit looks for the configuration, whatever the prefix.
SYSCONFDIR ?= /etc

docdir = $(PREFIX)/share/doc/martlet

VERSION = $(shell sed -n 's/.*static let current = "\(.*\)"/\1/p' Sources/Martlet/Version.swift)
# The time that the sources have, in the man page and the package: https://reproducible-builds.org/specs/source-date-epoch
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date -r CHANGELOG.md +%s)

# What the program is built with, and the real programs that tests run: behind the proxy, before it, or to judge it.
BUILD_PACKAGES = libevent-dev libc-ares-dev zlib1g-dev libssl-dev pkg-config
TEST_PACKAGES = $(BUILD_PACKAGES) curl gnutls-bin haproxy nginx-light libnginx-mod-stream redis-server iperf3 openssh-server openssh-client openssl \
  postgresql prometheus chromium tmux python3-jsonschema libzookeeper-java default-jre-headless etcd-server logrotate \
  mariadb-server slapd python3-aiosmtpd dovecot-imapd
DEMO_PACKAGES = iproute2 util-linux
SOAK_PACKAGES = keepalived
API_PACKAGES = $(BUILD_PACKAGES) python3-venv
INSTALL_PACKAGES = $(BUILD_PACKAGES) python3
DEB_PACKAGES = $(INSTALL_PACKAGES) dpkg-dev
DEB_TEST_PACKAGES = $(DEB_PACKAGES) lintian systemd man-db bash-completion zsh fish curl

# The program that users get needs no Swift on the machine, and looks for no library beside itself.
RELEASE = $(SWIFT) build -c release --static-swift-stdlib --disable-local-rpath

# Installs the Debian packages that are missing, and starts none of their services. Without apt-get it only names them.
define install-packages
@missing=; \
for package in $(1); do \
  dpkg-query -W -f='$${db:Status-Abbrev}' $$package 2>/dev/null | grep -q ^ii || missing="$$missing $$package"; \
done; \
[ -n "$$missing" ] || exit 0; \
if ! command -v apt-get >/dev/null; then echo "not looked for, as there is no apt-get:$$missing" >&2; exit 0; fi; \
echo "installing$$missing" >&2; \
as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
policy=/usr/sbin/policy-rc.d; \
if [ ! -e $$policy ]; then \
  trap "$$(command -v sudo) rm -f $$policy" EXIT; \
  printf '#!/bin/sh\nexit 101\n' | as_root tee $$policy >/dev/null && as_root chmod +x $$policy; \
fi; \
export DEBIAN_FRONTEND=noninteractive; \
as_root apt-get -q update >&2 && as_root apt-get -qy install --no-install-recommends $$missing >&2
endef

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: demo ## Build the release, then run the demo until Ctrl-C

.PHONY: demo
demo: build ## The same: three backends, the proxy before them, one backend dies and comes back
	@exec .build/release/martlet demo

.PHONY: demo-fleet
demo-fleet: demo-packages build ## Three nodes as one service: an address moves, a node is frozen, a rollout is refused
	@exec .build/release/martlet demo --fleet

.PHONY: build
build: build-packages ## Build the release: .build/release/martlet
	$(RELEASE) --product martlet

# All tests of a process share as many threads as there are processors, and those of the whole program and of the fleet's stores mostly wait
# on theirs: so they have a process of their own beside the others'.
waiting = '^(System|Fleet)Tests\.'
# $(1): which tests.
run-tests = results=$$(mktemp -d) && trap 'rm -rf "$$results"' EXIT; \
  $(SWIFT) test --skip-build --ignore-lock --xunit-output "$$results/tests.xml" $(1) && exit; status=$$?; \
  echo 'what failed:' >&2; sed -n '/<testcase/h; /<failure/{x;p;x;p;}' "$$results"/*.xml >&2; \
  exit $$status

.PHONY: test
test: test-packages ## Run all tests, the ones against real servers too
	$(SWIFT) build --build-tests
	@$(MAKE) --no-print-directory -k -j2 test-others test-waiting

.PHONY: test-others
test-others:
	@$(call run-tests,--skip $(waiting))

# What it says is shown at its end, as both would be read in turns.
.PHONY: test-waiting
test-waiting:
	@log=$$(mktemp); ($(call run-tests,--filter $(waiting))) >"$$log" 2>&1; status=$$?; cat "$$log"; rm "$$log"; exit $$status

.PHONY: check
check: lint warnings test ## What a change has to pass: lint, build without warnings, tests

.PHONY: lint
lint: ## Look for what isn't in the project's format
	$(SWIFT) format lint --strict -r Sources Tests Package.swift

.PHONY: format
format: ## Bring the sources into the project's format
	$(SWIFT) format -i -r Sources Tests Package.swift

# The compiler tells about a file only when it compiles it, so all of ours look changed first.
.PHONY: warnings
warnings: build-packages
	@find Sources Tests Package.swift -name '*.swift' -exec touch {} +
	@log=$$(mktemp) && trap 'rm -f "$$log"' EXIT; \
	$(SWIFT) build --build-tests >"$$log" 2>&1; status=$$?; cat "$$log"; \
	[ $$status = 0 ] || exit $$status; \
	if grep -E '(^|/)(Sources|Tests|Package\.swift).*: warning: ' "$$log" | grep -vF '/checkouts/' | grep -q .; then \
	  echo 'there are warnings' >&2; exit 1; \
	fi

# The tools are Python's, of the versions that Tests/Api/requirements.txt names, in an environment of their own.
.PHONY: test-api
test-api: api-packages ## Hold the admin API of a running program against its description, by schemathesis
	$(SWIFT) build --product martlet
	@tools=.build/test-api; cmp -s Tests/Api/requirements.txt $$tools/requirements.txt || { \
	  python3 -m venv --clear $$tools && $$tools/bin/pip install -q -r Tests/Api/requirements.txt && \
	  cp Tests/Api/requirements.txt $$tools/; \
	}
	.build/test-api/bin/python Tests/Api/run.py "$$($(SWIFT) build --show-bin-path)/martlet"

.PHONY: bench
bench: build ## Measure beside HAProxy, nginx and Envoy, and write Docs/Performance.md
	python3 Benchmarks/run.py

# Each sanitizer needs a build of its own. Measurements of memory are left out. The runner for XCTest has nothing to run,
# and leaks a little of its own.
sanitized-test = $(SWIFT) test --disable-xctest --sanitize=$(1) --scratch-path .build-$(1)

.PHONY: sanitize
sanitize: test-packages ## Run all tests under the thread and the address sanitizer
	MARTLET_SANITIZER=thread TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.supp \
	  $(call sanitized-test,thread)
	MARTLET_SANITIZER=address LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/leak-sanitizer.supp:print_suppressions=0 \
	  $(call sanitized-test,address)

# The long tests run under a sanitizer if MARTLET_SANITIZER says so.
long-test = $(if $(MARTLET_SANITIZER),\
  TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.supp \
  LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/leak-sanitizer.supp:print_suppressions=0 \
  $(call sanitized-test,$(MARTLET_SANITIZER)),$(SWIFT) test)

# What is made from the program itself: the man page, and what shells complete.
generated = .build/install
documents = README.md CHANGELOG.md LICENSE $(wildcard Docs/*.md)
examples = Config/reference.json Config/minimal.json Config/demo.json Config/martlet.json Config/martlet.service \
  $(addprefix Packaging/monitoring/,prometheus.yml martlet.rules.yml grafana.json) Packaging/systemd/addresses.conf

.PHONY: soak
soak: test-packages ## Reload 200 times under load, and let 2,000 clients come back at once
	MARTLET_RELOADS=200 MARTLET_HERD=2000 $(long-test) --filter 'System/ReloadSoak'

# How long, and by which seed it comes again: what went wrong is told with both. MARTLET_SANITIZER=address makes a build of its
# own, for `make soak` as well.
CHAOS_SECONDS ?= 120
CHAOS_SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

.PHONY: chaos
chaos: test-packages ## Kill, stall, reload and upgrade at random under clients that check every byte
	MARTLET_CHAOS_SEED=$(CHAOS_SEED) MARTLET_CHAOS_SECONDS=$(CHAOS_SECONDS) $(long-test) --filter 'System/Chaos'

# A floating address whose owner is moved, killed, frozen, cut off and stopped, so many times each; keepalived does the same beside it.
# Before that so many rollouts, with what can happen to one at random, and so many clients whose owner is lost right after the last one;
# after it ZooKeeper's and etcd's leader is lost so often by turns, and for so many seconds nothing can be agreed on, of three kinds.
# MARTLET_STORE=etcd lets etcd keep the log in all but that.
# At last three and then five nodes keep the log themselves for so many seconds each, and are killed, frozen, cut off and without room on
# their disks, under clients whose history is judged. It's told by which seed it comes again: MARTLET_HISTORIES_SEED; MARTLET_HISTORIES_NODES=5
# plays with so many nodes alone.
FAILOVERS ?= 200
ROLLOUTS ?= 1000
STUCK ?= 100000
OUTAGE ?= 600
HISTORIES ?= 1800

.PHONY: fleet-soak
fleet-soak: test-packages soak-packages ## Let ROLLOUTS rollouts meet with faults, STUCK clients lose their node, an address fail over FAILOVERS times of each kind, nothing be agreed on for OUTAGE seconds, and clients' histories of HISTORIES seconds be judged
	MARTLET_ROLLOUTS=$(ROLLOUTS) $(long-test) --filter 'RolloutSoakTests'
	MARTLET_STUCK=$(STUCK) $(long-test) --filter 'StickSoakTests'
	MARTLET_FAILOVERS=$(FAILOVERS) $(long-test) --filter 'AddressSoakTests'
	MARTLET_FAILOVERS=$(FAILOVERS) $(long-test) --filter 'StoreSoakTests'
	MARTLET_OUTAGE=$(OUTAGE) $(long-test) --filter 'StaticStabilityTests'
	MARTLET_HISTORIES_SECONDS=$(HISTORIES) $(long-test) --filter 'HistorySoakTests'

# The histories again, in which nodes go back to a FORMER program, of some revision, and come from it, one after the other.
FORMER ?= HEAD~1
former = .build-former/$(shell git rev-parse --short $(FORMER) 2>/dev/null)

.PHONY: fleet-soak-mixed
fleet-soak-mixed: test-packages soak-packages ## Let nodes go between this program and that of the revision FORMER, under clients whose histories of HISTORIES seconds are judged
	@[ -e $(former)/sources ] || { mkdir -p $(former)/sources && git archive $(FORMER) | tar -x -C $(former)/sources; }
	$(SWIFT) build -c release --package-path $(former)/sources --scratch-path $(former)/build --product martlet
	MARTLET_FORMER=$(CURDIR)/$(former)/build/release/martlet MARTLET_HISTORIES_NODES=3 MARTLET_HISTORIES_SECONDS=$(HISTORIES) \
	  $(long-test) --filter 'HistorySoakTests'

# Stories under faults, each from its seed: of a fleet on a store (WORLD=fleet), or of the embedded log (zab). One of a fleet that fails is
# told as short as it gets. A mutant is a mistake that is made on purpose, one of Sources/Agreement/Mutants.swift; release builds, which
# are faster, have none.
SEEDS ?= 2000
FIRST ?= 1
WORLD ?= fleet
MUTANT ?=
# Nor do they look whether two accesses overlap, which takes a fifth of the time; debug builds and tests do.
simulate-build = $(SWIFT) build $(if $(MUTANT),,-c release --scratch-path .build-simulate -Xswiftc -enforce-exclusivity=unchecked) --product Simulate

.PHONY: simulate
simulate: build-packages ## Play SEEDS stories of WORLD (fleet, embedded, voters, growing, engines, restored, zab or paxos), from seed FIRST on
	$(simulate-build)
	"$$($(simulate-build) --show-bin-path)/Simulate" $(WORLD) $(SEEDS) $(FIRST) $(MUTANT)

.PHONY: mutants
mutants: build-packages ## Find each mistake that can be made on purpose, and say by which story
	$(SWIFT) build --product Simulate
	@for world in fleet embedded engines restored zab paxos; do \
	  "$$($(SWIFT) build --product Simulate --show-bin-path)/Simulate" $$world mutants 2000 || exit 1; \
	done

# All that can happen to three nodes within bounds, step by step; MODELS names some of them, and a MUTANT is a mistake as above.
MODELS ?=
explore-build = $(SWIFT) build $(if $(MUTANT),,-c release) --product Explore

.PHONY: explore
explore: build-packages ## Go through all that can happen to three nodes that agree, within bounds
	$(explore-build)
	"$$($(explore-build) --show-bin-path)/Explore" $(MODELS) $(MUTANT)

# libFuzzer comes with the toolchain, and has an entry of its own for the program. Each target gets its share of the time;
# what it has found useful stays in .build-fuzz/corpus, and an input that ends the process in .build-fuzz/crashes.
SECONDS ?= 60
TARGETS ?=
fuzz-build = MARTLET_FUZZ=1 $(SWIFT) build --scratch-path .build-fuzz --product Fuzz --sanitize=address \
  -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld -Xlinker -z -Xlinker muldefs

.PHONY: fuzz
fuzz: build-packages ## Feed mutated bytes to all that reads bytes from outside, for SECONDS in all, under the address sanitizer
	$(fuzz-build)
	@fuzz=$$($(fuzz-build) --show-bin-path)/Fuzz; mkdir -p .build-fuzz/crashes; \
	targets="$(TARGETS)"; [ -n "$$targets" ] || targets=$$($$fuzz); \
	share=$$(($(SECONDS) / $$(echo $$targets | wc -w))); [ $$share -gt 0 ] || share=1; failed=; \
	for target in $$targets; do \
	  mkdir -p .build-fuzz/corpus/$$target; \
	  SWIFT_BACKTRACE=enable=no MARTLET_FUZZ_TARGET=$$target $$fuzz .build-fuzz/corpus/$$target -max_total_time=$$share \
	    -timeout=10 -max_len=4096 -detect_leaks=0 -artifact_prefix=.build-fuzz/crashes/$$target- \
	    >.build-fuzz/$$target.log 2>&1 && echo "$$target: $$(tail -1 .build-fuzz/$$target.log)" || \
	    { failed="$$failed $$target"; grep -E -B1 -A40 'Fatal error|ERROR: ' .build-fuzz/$$target.log | head -60; \
	      tail -4 .build-fuzz/$$target.log; }; \
	done; \
	[ -z "$$failed" ] || { echo "the input of each of these is in .build-fuzz/crashes:$$failed" >&2; exit 1; }

.PHONY: install
install: build install-packages ## Install to $(DESTDIR)$(PREFIX)
	@mkdir -p $(generated)
	.build/release/martlet --experimental-dump-help | \
	  python3 Packaging/manual.py $(VERSION) $$(date -u -d @$(SOURCE_DATE_EPOCH) +%F) >$(generated)/martlet.1
	for shell in bash zsh fish; do \
	  .build/release/martlet --generate-completion-script $$shell | sed '1{/^#!/d}' >$(generated)/$$shell; \
	  test -s $(generated)/$$shell || exit 1; \
	done
	sed 's,/usr/bin/martlet,$(PREFIX)/bin/martlet,' Config/martlet.service >$(generated)/martlet.service
	install -D -m 755 --strip .build/release/martlet $(DESTDIR)$(PREFIX)/bin/martlet
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) $(generated)/martlet.service
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(generated)/martlet.1
	install -D -m 644 $(generated)/bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/martlet
	install -D -m 644 $(generated)/zsh $(DESTDIR)$(ZSHDIR)/_martlet
	install -D -m 644 $(generated)/fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/martlet.fish
	sed 's,/usr/bin/martlet,$(PREFIX)/bin/martlet,' Packaging/logrotate/martlet >$(generated)/logrotate
	install -D -m 644 $(generated)/logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/martlet
	$(MAKE) --no-print-directory install-documents install-configuration

# Documents lie side by side there, with the decisions and the examples in folders of their own: their links do, too.
.PHONY: install-documents
install-documents:
	install -D -m 644 -t $(DESTDIR)$(docdir) $(documents)
	install -D -m 644 -t $(DESTDIR)$(docdir)/Decisions Docs/Decisions/*.md
	install -D -m 644 -t $(DESTDIR)$(docdir)/examples $(examples)
	sed -i -E 's,\]\(Docs/,](,g; s,\]\((\.\./)?(Config|Packaging/(monitoring|systemd))/,](examples/,g' $(DESTDIR)$(docdir)/*.md
	sed -i 's,/usr/share/doc,$(PREFIX)/share/doc,; s,/usr/bin/martlet,$(PREFIX)/bin/martlet,' \
	  $(DESTDIR)$(docdir)/examples/addresses.conf

# The first configuration, never in place of another one: it's the operator's from then on.
.PHONY: install-configuration
install-configuration:
	@mkdir -p $(generated)
	sed 's,/usr/share/doc,$(PREFIX)/share/doc,' Config/martlet.json >$(generated)/martlet.json
	[ -e $(DESTDIR)$(SYSCONFDIR)/martlet/martlet.json ] || \
	  install -D -m 644 -t $(DESTDIR)$(SYSCONFDIR)/martlet $(generated)/martlet.json

.PHONY: deb
deb: build deb-packages ## Build the Debian package: .build/deb/*.deb
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) Packaging/build-deb $(VERSION) $(CURDIR)/.build/deb

.PHONY: test-deb
test-deb: deb-test-packages deb ## Build the Debian package, check it, install it, try it and purge it
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) Packaging/test-deb $(VERSION) $(CURDIR)/.build/deb

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build .build-thread .build-address .build-fuzz .build-simulate .build-former

.PHONY: build-packages test-packages demo-packages soak-packages api-packages install-packages deb-packages deb-test-packages
build-packages:
	$(call install-packages,$(BUILD_PACKAGES))
test-packages:
	$(call install-packages,$(TEST_PACKAGES))
demo-packages:
	$(call install-packages,$(DEMO_PACKAGES))
soak-packages:
	$(call install-packages,$(SOAK_PACKAGES))
api-packages:
	$(call install-packages,$(API_PACKAGES))
install-packages:
	$(call install-packages,$(INSTALL_PACKAGES))
deb-packages:
	$(call install-packages,$(DEB_PACKAGES))
deb-test-packages:
	$(call install-packages,$(DEB_TEST_PACKAGES))
