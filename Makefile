# Builds, serves and tests mod_wsgi. `make help` lists the targets.

PYTHON ?= /usr/bin/python3
APXS ?= $(firstword $(shell command -v apxs apxs2 2>/dev/null) apxs)
SWIFT ?= swift
PORT ?= 8000
DESTDIR ?=
# The number of integration tests that run at the same time.
JOBS ?= 2

BUILD := build
COMPANIONS := $(BUILD)/mod_wsgi
# The headers of an httpd that is not the distribution's.
HTTPD_HEADERS = $(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
SWIFT_FLAGS = $(addprefix -Xcc -I,$(HTTPD_HEADERS))
# The runtimes of C++ and of the compiler are linked in and hidden: a Python of another distribution, or of conda, has its
# own, and a chroot has none.
STATIC = $(abspath $(BUILD))/objects/static
# The same flags for all products; otherwise each build of one makes the others out of date.
RELEASE = -c release $(SWIFT_FLAGS) --static-swift-stdlib --disable-local-rpath -Xlinker -L$(STATIC) \
	-Xswiftc -Xclang-linker -Xswiftc -static-libgcc

.PHONY: all help serve test unit components integration config-fuzz fuzz tsan large kill-test graceful-test fault-test replacements budgets overload bursts platforms platforms-sample platforms-build hostile check docs install uninstall clean deps toolchain format

all: toolchain $(COMPANIONS)/default-python $(STATIC)/libstdc++.a ## Build the module, the engine and the supervisor into build/
	$(SWIFT) build $(RELEASE) --product ModWSGI
	$(SWIFT) build $(RELEASE) --product WSGIEngine
	$(SWIFT) build $(RELEASE) --product wsgi-supervisor
	tools/link module "$$($(SWIFT) build $(RELEASE) --show-bin-path)" $(BUILD)
	tools/link engine "$$($(SWIFT) build $(RELEASE) --show-bin-path)" $(BUILD)
	tools/link supervisor "$$($(SWIFT) build $(RELEASE) --show-bin-path)" $(BUILD)

serve: ready all ## Serve the demo application on http://localhost:8000 (PORT=...)
	tools/serve $(BUILD) $(PORT)

test: unit components integration budgets platforms-sample ## Run the tests

unit: ready toolchain ## Run the tests that need neither httpd nor Python
	python3 -B -m unittest discover -s Tests/Unit/Tools
	$(SWIFT) test $(SWIFT_FLAGS)

components: ready all ## Run the tests that drive the engine and the supervisor without httpd
	Tests/Component/run --build=$(abspath $(BUILD))

# These suites measure times under load, and run alone.
ALONE = load reliability streams

integration: ready all ## Run the tests that drive a real httpd with real Pythons (TESTS="-k ..." for pytest, --everywhere: all MPMs and Pythons)
	Tests/Integration/run $(or $(TESTS),-n $(JOBS) --dist worksteal $(addprefix --ignore=,$(ALONE)))
	$(if $(TESTS),,Tests/Integration/run $(ALONE))

config-fuzz: ready all ## Try CASES=2000 mutated configurations with httpd -t (SEED=...)
	WSGI_MUTATIONS=$(or $(CASES),2000) WSGI_MUTATION_SEED=$(or $(SEED),7) \
		Tests/Integration/run --module $(abspath $(BUILD))/mod_wsgi.so configuration/test_mutations.py -s $(TESTS)

fuzz: toolchain ## Search with libFuzzer for inputs that decoders fail on (SECONDS=60 each, TARGET=name)
	tools/fuzz "$(SWIFT)" $(or $(SECONDS),60) $(TARGET)

tsan: toolchain $(STATIC)/libstdc++.a ## Run the tests of the engine with ThreadSanitizer (TEST=test_threads.py)
	tools/tsan "$(SWIFT)" $(BUILD) $(TEST)

large: ready all ## Send bodies of 4 GiB and of 10 GiB through applications, with limited memory
	WSGI_TEST_MEGABYTES=4096 Tests/Integration/run streams -k large --mpm event

# The tests of docs/internals/reliability.md. Each prints its seed; SEED=... repeats a run.
RELIABILITY = nice Tests/Integration/run --force-reruns 0 --module $(abspath $(BUILD))/mod_wsgi.so -s $(TESTS)

kill-test: ready all ## Kill processes of a server under load, KILLS=500 times (SEED=...)
	WSGI_KILLS=$(or $(KILLS),500) WSGI_SEED=$(or $(SEED),1) $(RELIABILITY) reliability/test_kills.py

graceful-test: ready all ## Restart a server under load gracefully, RESTARTS=1200 times (SEED=...)
	WSGI_RESTARTS=$(or $(RESTARTS),1200) WSGI_SEED=$(or $(SEED),1) $(RELIABILITY) reliability/test_graceful.py

fault-test: ready all ## Let every system call fail once, and all of a kind, with strace (ONLY=regex selects cases)
	WSGI_FAULTS=all WSGI_FAULTS_ONLY='$(ONLY)' $(RELIABILITY) reliability/test_faults.py

replacements: ready all ## Replace a process REPLACEMENTS=200 times for each reason, under a client that sends its next request at once
	WSGI_REPLACEMENTS=$(or $(REPLACEMENTS),200) Tests/Integration/run -n $(JOBS) --dist worksteal --durations=0 \
		-k 'asks_again_at_once or lost_by_a_startup_timeout' lifecycle/test_replacement.py

budgets: ready all ## Compare instructions, system calls and allocations with their budgets (ACCEPT=1: store these; WITH=another build)
	Tests/Bench/budgets.py $(abspath $(BUILD)) $(WITH) --swift "$(SWIFT)" $(if $(ACCEPT),--accept)

hostile: ready all ## Let daemon processes of one site send invalid data, die and flood, beside another site (TESTS="-k ...")
	WSGI_HOSTILE=1 Tests/Integration/run --force-reruns 0 --module $(abspath $(BUILD))/mod_wsgi.so tenants $(TESTS)

overload: ready all ## Send a process group ten times its capacity for SECONDS=60, and print the results
	Tests/Bench/overload.py $(abspath $(BUILD))/mod_wsgi.so --seconds $(or $(SECONDS),60)

bursts: ready all ## Compare bursts of clients with mod_wsgi and uWSGI (RIVAL=its module, SECONDS=5 for each cell, ONLY=text)
	Tests/Bench/bursts.py $(abspath $(BUILD))/mod_wsgi.so --rival "$(RIVAL)" --seconds $(or $(SECONDS),5) --only "$(ONLY)"

# One build runs on other Debians: docs/internals/reliability.md. Root file systems are kept in /var/tmp.
platforms: ready all ## Run the integration tests inside Debian 13 and sid, on each Python there (SUITES=trixie, TESTS=...)
	TESTS='$(TESTS)' JOBS=$(JOBS) tools/platforms $(BUILD) all $(SUITES)

platforms-sample: ready all ## Run a sample of the tests inside Debian 13
	JOBS=$(JOBS) tools/platforms $(BUILD) sample

platforms-build: ready toolchain ## Build inside Debian 13, with the Swift of this machine
	tools/platforms $(BUILD) build $(or $(SUITES),trixie)

check: ready all ## Check format, layers, structure, exported symbols and linked libraries
	tools/check $(BUILD)

docs: toolchain ## Write the generated pages of docs/reference and Tests/Component/spec-layout.json from the tables
	for file in docs/reference/directives.md docs/reference/daemon-options.md docs/reference/errors.md Tests/Component/spec-layout.json; do \
		page=$${file##*/}; $(SWIFT) run -q $(SWIFT_FLAGS) wsgi-docs $${page%.*} >$$file.new && mv $$file.new $$file || exit 1; done

format: ## Format the Swift and C sources
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests
	clang-format -i $$(git ls-files 'shim/*.c' 'shim/*.h')

# Installs what was built, without building: sudo's PATH has no Swift.
install: ## Install module and configuration into apxs's directories (DESTDIR=... for packages); then: a2enmod wsgi
	tools/install $(BUILD) "$(APXS)" "$(DESTDIR)"

uninstall: ## Remove the installed files
	tools/install --remove "$(APXS)" "$(DESTDIR)"

clean: ## Remove everything that was built
	rm -rf $(BUILD) .build

deps: ## Install the Debian packages that building and testing need
	tools/deps --install

# Installs packages only when one is missing.
.PHONY: ready
ready:
	@tools/deps

toolchain:
	@tools/deps --swift "$(SWIFT)"

# The Python of applications for which the configuration names none.
$(COMPANIONS)/default-python: Makefile
	@mkdir -p $(COMPANIONS)
	@echo "$(PYTHON)" >$@

# The linker uses the first file of this name.
$(STATIC)/libstdc++.a:
	@mkdir -p $(STATIC)
	@file=$$(gcc -print-file-name=libstdc++.a); [ -e "$$file" ] || { echo "There is no libstdc++.a: apt install g++" >&2; exit 1; }; \
		ln -sf "$$file" $@

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-16s %s\n' "$$name" "$$text"; done
