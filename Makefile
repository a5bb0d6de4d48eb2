# Builds and proves mod_wsgi. `make serve` and `make test` need nothing but Debian and Swift; `make help` lists the rest.

PYTHON ?= /usr/bin/python3
APXS ?= apxs
SWIFT ?= swift
CONFIGURATION ?= release
DESTDIR ?=
PORT ?= 8000

BUILD := build
SWIFT_FLAGS := -c $(CONFIGURATION) $(addprefix -Xcc -I,$(shell $(APXS) -q INCLUDEDIR 2>/dev/null))
BIN = $(shell $(SWIFT) build $(SWIFT_FLAGS) --show-bin-path)
COMPANIONS := $(BUILD)/mod_wsgi

.PHONY: all help serve test unit integration check install uninstall clean deps toolchain format

all: toolchain $(COMPANIONS)/default-python ## Builds the module, the engine and the supervisor into build/
	$(SWIFT) build $(SWIFT_FLAGS) --product ModWSGI
	$(SWIFT) build $(SWIFT_FLAGS) --product WSGIEngine
	$(SWIFT) build $(SWIFT_FLAGS) --product wsgi-supervisor --static-swift-stdlib --disable-local-rpath
	bash conf/link module "$(BIN)" $(BUILD)
	bash conf/link engine "$(BIN)" $(BUILD)
	bash conf/link supervisor "$(BIN)" $(BUILD)

# Which Python runs applications where the configuration names none.
$(COMPANIONS)/default-python: Makefile
	mkdir -p $(COMPANIONS)
	echo $(PYTHON) >$@

toolchain:
	@$(SWIFT) --version >/dev/null 2>&1 || { echo "No Swift here: install Swift 6.2 or later from swift.org and put it on PATH." >&2; exit 1; }
