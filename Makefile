# What people run here; tools/ and Tests/ hold what the rules do.
#
#   make demo        a hub, a pairing, an agent and what the hub stored of it, in a scratch folder; KEEP=1 leaves the hub running
#   make test        every check and test there is
#   make simulate    the delivery promise in virtual time: ROUNDS schedules, of SEED and those after it
#   make chaos       the same with the real programs: ROUNDS rounds of what SEED makes up
#   make fuzz        the fuzzers, SECONDS each
#   make install     release builds of the programs and their man pages, under PREFIX

# A scratch path of one's own lets two builds of one clone go on side by side.
SCRATCH = .build
RELEASE_SCRATCH = $(SCRATCH)
# Without the hub, which it does not need.
SIMULATE_SCRATCH = .build-filters
CONFIGURATION = debug
SWIFT = swift
PREFIX = /usr/local
DESTDIR =
# demo: leave the hub running; the agent to run: auto, claude, codex or example.
KEEP =
AGENT = auto

# simulate, chaos, fuzz: how much, and from which seed; the seed is made up if none is given, and told.
SEED =
ROUNDS =
SECONDS = 60

PROGRAMS = ra-pair ra-spawn ra-tunnel ra-run ra-hub
BUILD = $(SWIFT) build --scratch-path $(SCRATCH)
RELEASE = $(SWIFT) build --scratch-path $(RELEASE_SCRATCH) -c release --static-swift-stdlib

.PHONY: all build release demo test simulate chaos fuzz lint format install uninstall clean prerequisites prerequisites-test

all: build

prerequisites:
	@tools/prerequisites build

prerequisites-test:
	@tools/prerequisites test

build: prerequisites
	$(BUILD) -c $(CONFIGURATION)

release: prerequisites
	$(RELEASE)

demo: build
	@KEEP='$(KEEP)' AGENT='$(AGENT)' tools/demo "$$($(BUILD) -c $(CONFIGURATION) --show-bin-path)"

test: prerequisites-test
	@SWIFT='$(SWIFT)' SCRATCH='$(SCRATCH)' tools/test

simulate: prerequisites
	RA_ONLY=filters $(SWIFT) build --scratch-path $(SIMULATE_SCRATCH) -c release --product simulate
	$(SIMULATE_SCRATCH)/release/simulate --seed $(or $(SEED),1) --rounds $(or $(ROUNDS),100000)

chaos: build prerequisites-test
	@Tests/Chaos/run "$$($(BUILD) -c $(CONFIGURATION) --show-bin-path)" \
	  $(if $(SEED),--seed $(SEED)) --rounds $(or $(ROUNDS),20)

fuzz: prerequisites-test
	@SWIFT='$(SWIFT)' Fuzz/run --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

lint: prerequisites-test
	@SWIFT='$(SWIFT)' tools/lint

format:
	$(SWIFT) format -i -r --parallel Package.swift Sources Tests Fuzz Benchmarks

install: release
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1' \
	  '$(DESTDIR)$(PREFIX)/share/man/man7' '$(DESTDIR)$(PREFIX)/share/man/man8'
	bin="$$($(RELEASE) --show-bin-path)" && for program in $(PROGRAMS); do \
	  install -s -m 755 "$$bin/$$program" '$(DESTDIR)$(PREFIX)/bin/' || exit; done
	for page in man/*.[178]; do \
	  install -m 644 "$$page" "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/" || exit; done
	install -d '$(DESTDIR)$(PREFIX)/lib/systemd/user'
	sed 's|/usr/local|$(PREFIX)|' share/systemd/user/ra-run.service >'$(DESTDIR)$(PREFIX)/lib/systemd/user/ra-run.service'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/lib/systemd/user/ra-run.service'
	for program in $(PROGRAMS); do rm -f '$(DESTDIR)$(PREFIX)/bin/'"$$program"; done
	for page in man/*.[178]; do \
	  rm -f "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page#man/}"; done

clean:
	rm -rf '$(SCRATCH)' '$(RELEASE_SCRATCH)'
