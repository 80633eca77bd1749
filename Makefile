# Every target works from a fresh clone on Debian 12 with Swift 6.3; what else is needed gets installed by package.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift

# What the program is built with, and the real programs that tests run: behind the proxy, before it, or to judge it.
BUILD_PACKAGES = libevent-dev pkg-config
TEST_PACKAGES = $(BUILD_PACKAGES) curl nginx-light redis-server iperf3 openssh-server openssh-client postgresql \
  prometheus chromium

# The program that users get needs no Swift on the machine.
RELEASE = $(SWIFT) build -c release --static-swift-stdlib

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
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: demo ## Build the release, then run the demo until Ctrl-C

.PHONY: demo
demo: build ## The same: three backends, the proxy before them, one backend dies and comes back
	@exec .build/release/martlet demo

.PHONY: build
build: build-packages ## Build the release: .build/release/martlet
	$(RELEASE) --product martlet

.PHONY: test
test: test-packages ## Run all tests, the ones against real servers too
	$(SWIFT) test

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

.PHONY: install
install: build ## Install to $(DESTDIR)$(PREFIX)
	install -D -m 755 .build/release/martlet $(DESTDIR)$(PREFIX)/bin/martlet
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/martlet README.md LICENSE Config/reference.json Config/minimal.json

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build .build-thread .build-address

.PHONY: build-packages test-packages
build-packages:
	$(call install-packages,$(BUILD_PACKAGES))
test-packages:
	$(call install-packages,$(TEST_PACKAGES))
