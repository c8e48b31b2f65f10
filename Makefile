# SPDX-License-Identifier: GPL-2.0-or-later
# faultdeck. `make help` lists what there is; everything that is made goes to build/.
B       ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
PYTHON  ?= /usr/bin/python3
LAB     ?= kvm
CONFIG  ?= cluster.cfg
# lazily, and silent: `make deps` runs before there is any pkg-config
LIBS     = $(shell pkg-config --libs libssh libconfig jansson libcurl ncursesw panelw 2>/dev/null) -lm
LIBCFLAGS = $(shell pkg-config --cflags libssh libconfig jansson libcurl ncursesw 2>/dev/null)
# cutting a text to its field is what snprintf is used for here
WARN    := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wvla -Werror \
	   $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
CFLAGS  ?= -O2 -g
ALLCFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -fno-strict-aliasing -pthread \
	    -I. -Icore -I$(B)/gen -DFAULTDECK_SHARE='"$(PREFIX)/share/faultdeck"' $(LIBCFLAGS)

CORE    := $(wildcard core/*.c)
# the module's tables are the kvm backend's as well
BACKEND := $(wildcard backends/*.c backends/*/*.c) kmod/points.c kmod/names.c kmod/regs.c kmod/words.c
TUI     := $(wildcard tui/*.c)
NODE_SH := $(wildcard core/node/*.sh core/*.css backends/*/*.sh backends/*/*.cfg)
SH_INC  := $(patsubst core/%,$(B)/gen/%.inc,$(filter core/%,$(NODE_SH))) \
	   $(patsubst backends/%,$(B)/gen/%.inc,$(filter backends/%,$(NODE_SH))) \
	   $(patsubst backends/%.cfg,$(B)/gen/%.files.inc,$(wildcard backends/*/*.cfg)) \
	   $(B)/gen/themes/dark.cfg.inc $(B)/gen/themes/mono.cfg.inc
obj      = $(patsubst %.c,$(B)/obj/%.o,$(1))

.PHONY: all unit fuzz deps run test test-all lab lab-down check format bench bench-tools pictures install clean help
all: $(B)/faultdeck $(B)/faultdeck.1 ## build build/faultdeck and its man page

$(B)/faultdeck: $(call obj,$(TUI) $(BACKEND)) $(B)/libcore.a
	$(CC) $(ALLCFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/libcore.a: $(call obj,$(CORE))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/obj/%.o: %.c $(B)/flags | $(SH_INC)
	@mkdir -p $(@D)
	$(CC) $(ALLCFLAGS) -MMD -MP -c -o $@ $<

# The man page's part about the module comes from the module's table.
$(B)/faultdeck.1: docs/faultdeck.1 $(call obj,docs/points.c kmod/points.c kmod/names.c)
	$(CC) $(ALLCFLAGS) $(LDFLAGS) -o $(B)/man-points $(filter %.o,$^)
	$(B)/man-points >$(B)/gen/points.mdoc
	sed '/^\.\\" points: /r $(B)/gen/points.mdoc' docs/faultdeck.1 >$@

# Everything is made again when the compiler or its flags are others.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(ALLCFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALLCFLAGS)' >$@
FORCE:

# Unit tests are one file each, with ASan and UBSan; a line "// sources: …" names what they test
# besides core.
SAN     := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
UNIT    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
unit: $(UNIT)
$(B)/asan/libcore.a: FORCE
	@$(MAKE) --no-print-directory B=$(B)/asan CC=$(CC) CFLAGS='-O1 -g $(SAN)' $@
$(B)/unit/%: tests/unit/%.c $(B)/asan/libcore.a $(wildcard kmod/*.[ch] tui/*.[ch] backends/*/*.[ch]) | $(SH_INC)
	@mkdir -p $(@D)
	$(CC) $(ALLCFLAGS) $(SAN) -Wno-conversion -Wno-shadow -Ikmod -o $@ $< \
		$$(sed -n 's,^// sources: ,,p' $<) $(B)/asan/libcore.a $(LIBS) -lcmocka

# A node-side sh file, a manifest or a theme as a C string.
define sh_inc
	@mkdir -p $(@D)
	@sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< >$@
endef
$(B)/gen/%.sh.inc: core/%.sh
	$(sh_inc)
$(B)/gen/%.css.inc: core/%.css
	$(sh_inc)
$(B)/gen/%.sh.inc: backends/%.sh
	$(sh_inc)
$(B)/gen/%.cfg.inc: backends/%.cfg
	$(sh_inc)
$(B)/gen/themes/%.cfg.inc: themes/%.cfg
	$(sh_inc)

# All texts of a backend, as a list of struct manifest_file.
$(B)/gen/%.files.inc: backends/%.cfg FORCE
	@mkdir -p $(@D)
	@for f in $(notdir $<) $(notdir $(sort $(wildcard $(dir $<)*.sh))); do \
		printf '{ "%s",\n#include "%s.inc"\n},\n' $$f $$f; done >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

deps: ## install the Debian packages that are needed (through sudo where not root)
	@tests/deps

run: deps ## start the lab and open the console on it; LAB=hadoop CONFIG=build/lab/hadoop.cfg: another
	@$(MAKE) --no-print-directory all
	@tests/lab/lab up $(LAB)
	@tests/lab/lab ctl $(B)/faultdeck -c $(CONFIG)

test: deps ## every test; last line: N passed, N failed, N skipped
	@tests/run

test-all: deps ## test, and the slow matrices
	@tests/run --all

lab: deps ## start the lab: LAB=kvm, LAB=hadoop
	@tests/lab/lab up $(LAB)

lab-down: ## stop the lab; nothing is left
	@tests/lab/lab down

FUZZ_SECONDS ?= 60
$(B)/fuzz/%: tests/fuzz/%.c $(wildcard kmod/*.[ch])
	@mkdir -p $(@D)
	clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Ikmod -o $@ $<
fuzz: deps $(B)/fuzz/control ## the control language for FUZZ_SECONDS (60); finds stay in build/fuzz/
	@mkdir -p $(B)/fuzz/found
	cd $(B)/fuzz && ./control -max_total_time=$(FUZZ_SECONDS) -max_len=1100 -print_final_stats=1 found $(CURDIR)/tests/fuzz/corpus

check: ## format, clang-tidy, cppcheck, shellcheck
	@tests/check

format: ## lay out the C files
	clang-format -i $(wildcard core/*.[ch] backends/*.[ch] backends/*/*.[ch] tui/*.[ch] tests/unit/*.[ch])

# `make test` builds them, so that they are there when the figures are wanted
bench-tools: $(B)/bench/inject $(B)/bench/refresh
$(B)/bench/%: tests/bench/%.c $(call obj,$(BACKEND)) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALLCFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
bench: deps ## figures, as ratios in one run
	@$(MAKE) --no-print-directory all bench-tools
	@tests/deps tests/bench/packages
	@tests/bench/run

pictures: deps ## docs/pictures: every pane, dialog and theme at three sizes, from the lab
	@$(MAKE) --no-print-directory all
	@tests/deps tests/tui/packages
	@tests/tui/picture.py

install: all ## install to PREFIX (/usr/local)
	install -D -m 755 $(B)/faultdeck $(DESTDIR)$(PREFIX)/bin/faultdeck
	install -D -m 644 $(B)/faultdeck.1 $(DESTDIR)$(PREFIX)/share/man/man1/faultdeck.1
	install -d $(DESTDIR)$(PREFIX)/share/faultdeck/scenarios
	install -m 644 scenarios/*.cfg $(DESTDIR)$(PREFIX)/share/faultdeck/scenarios
	install -d $(DESTDIR)$(PREFIX)/share/faultdeck/kmod
	install -m 644 kmod/Makefile kmod/Kbuild kmod/*.[ch] $(DESTDIR)$(PREFIX)/share/faultdeck/kmod
	install -d $(DESTDIR)$(PREFIX)/share/faultdeck/themes
	install -m 644 themes/*.cfg $(DESTDIR)$(PREFIX)/share/faultdeck/themes

clean: ## remove what was made (not the lab's cache)
	@tests/lab/lab down >/dev/null 2>&1 || true
	rm -rf $(B)
	@$(MAKE) --no-print-directory -C kmod clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
