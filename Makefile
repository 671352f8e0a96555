# SPDX-License-Identifier: MIT
# The one Makefile. The build tree has the shape of an installed prefix: bin/, lib/, libexec/, include/, share/; objects are in
# obj/, generated files in gen/, test programs in tests/. Sources are found by wildcard. `make help` lists targets and switches.

VERSION := 0.1.0

# ---- switches ----------------------------------------------------------------------------------------------------------------
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := $(if $(findstring clang,$(CC)),$(subst clang,clang++,$(CC)),$(subst gcc,g++,$(CC)))
endif
AR ?= ar
OBJCOPY ?= objcopy
OPT ?= -O2 -g
SAN ?=
COV ?=
BUILD ?= $(if $(SAN),build-san,build)
PREFIX ?= /usr/local
DESTDIR ?=
V ?=

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory --no-builtin-rules
ifeq ($(filter -j% --jobs%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

comma := ,
GOALS := $(or $(MAKECMDGOALS),all)
TEST_GOALS := check check-all bench soak tests coverage
Q := $(if $(V),,@)
# Build lines of a test run go to stderr: its stdout is a TAP stream.
say = $(if $(V),:,@printf '  %-8s%s\n' $(1) '$(patsubst $(CURDIR)/%,%,$(2))' $(if $(filter $(TEST_GOALS),$(GOALS)),>&2))
mkdir = @mkdir -p $(@D)

# ---- packages, compiler, libraries -------------------------------------------------------------------------------------------
# config.mk is included, so make makes it first and starts over: on a bare machine nothing above or below may run the compiler
# at parse time. The packages are checked in every run (10 ms), the probes are repeated only if their input has changed.
NEEDS_NO_CONFIG := help clean uninstall deb lint-shell lint-man fuzz coverage
PACKAGES := build $(if $(filter demo,$(GOALS)),demo) $(if $(filter $(TEST_GOALS),$(GOALS)),check) \
	$(if $(filter lint format format-check,$(GOALS)),lint) $(if $(filter check-all,$(GOALS)),heavy) $(if $(filter fuzzers,$(GOALS)),fuzz)

ifneq ($(filter-out $(NEEDS_NO_CONFIG),$(GOALS)),)
include $(BUILD)/gen/config.mk
endif

PROBE = $(strip $(CC) $(CPPFLAGS) $(LDFLAGS))
$(BUILD)/gen/config.mk: FORCE
	@scripts/packages $(PACKAGES)
	@if [ ! -s $@ ] || [ scripts/configure -nt $@ ] || ! grep -qxF 'CONFIGURED := $(PROBE)' $@; then \
		mkdir -p $(@D) && scripts/configure '$(PROBE)' >$@.new && echo 'CONFIGURED := $(PROBE)' >>$@.new && mv $@.new $@; \
	fi

# ---- flags -------------------------------------------------------------------------------------------------------------------
INCLUDES := -I. -I$(BUILD)/gen
WARN_BOTH := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wundef -Wvla -Wformat=2 -Wcast-qual -Wwrite-strings -Wimplicit-fallthrough
WARN_gcc := -Wlogical-op -Wduplicated-cond -Wduplicated-branches
WARN = $(WARN_BOTH) $(WARN_$(CC_KIND))
BASE_FLAGS = -std=gnu11 $(OPT) $(WARN) $(INCLUDES) -D_GNU_SOURCE -MMD -MP

# The library, which is loaded into other programs. Its thread-local storage is never allocated lazily, and no canary is
# read.
PRELOAD_FLAGS = $(BASE_FLAGS) -fPIC -fvisibility=hidden -fno-stack-protector -ftls-model=initial-exec $(CPPFLAGS) $(CFLAGS)
# Code that runs after the crash. The compiler must neither assume a libc nor turn a loop into a call of memcpy inside
# memcpy, and all code must stay in .text: it is renamed to crashtext, so that the handler recognizes its own faults (ld
# defines symbols for the bounds), and a test can disassemble exactly the crash path in the built library. (clang's
# <limits.h> loses PATH_MAX under -ffreestanding; its loop idioms obey -fno-builtin.)
CRASH_FLAGS_gcc := -ffreestanding -fno-tree-loop-distribute-patterns -fno-reorder-functions -fno-reorder-blocks-and-partition
CRASH_TEXT := crashtext
CRASH_FLAGS = -fno-builtin $(CRASH_FLAGS_$(CC_KIND))
PRELOAD_MAP := $(wildcard preload/libcrashpre.map)
PRELOAD_LDFLAGS := -shared -nostdlib -Wl,-z,noseparate-code -Wl,-soname,libcrashpre.so -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,initfirst -Wl,-z,noexecstack \
	-Wl,--no-undefined -Wl,--as-needed -Wl,--build-id -Wl,--hash-style=gnu -Wl,--exclude-libs,ALL \
	$(PRELOAD_MAP:%=-Wl,--version-script=%) -Wl,-T,preload/sealed.ld

# Helper and CLI. Not PIE: no relocations to apply while a process waits to die.
SAN_FLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2)
# Coverage (COV=1) applies to these only: in the crash path, gcov's counters would be written by a handler that shares
# them with the program.
COV_FLAGS := $(if $(COV),--coverage -fprofile-abs-path -fprofile-update=atomic -U_FORTIFY_SOURCE)
TOOL_FLAGS = $(BASE_FLAGS) -fno-pie -ffunction-sections -fdata-sections -fstack-protector-strong $(SAN_FLAGS) $(COV_FLAGS) $(CPPFLAGS) $(CFLAGS)
# The static run-times: gcc's shared one for "undefined" ignores log_path (tests/sanitizer/options.c).
SAN_LINK_gcc := -static-libasan -static-libubsan
TOOL_LDFLAGS = -no-pie -Wl,--gc-sections -Wl,-z,relro -Wl,-z,noexecstack -Wl,--build-id -Wl,--hash-style=gnu \
	$(if $(SAN),-fsanitize=$(SAN) $(SAN_LINK_$(CC_KIND))) $(if $(COV),--coverage -Wl$(comma)--wrap=_exit) -pthread

# Programs that crash on purpose: fixed flags, so that the frames a test expects do not depend on the switches above. A comment
# "build-flags: ..." in the source adds flags, or further sources, for that one program.
ZOO_WARN := -Wall -Wextra -Werror -Wno-infinite-recursion
ZOO_FLAGS := -g -pthread $(ZOO_WARN) $(INCLUDES) -D_GNU_SOURCE -Wl,--build-id
own_flags = $$(sed -n 's/^.*build-flags: *\([^*]*\).*/\1/p' $<)

# ---- sources -----------------------------------------------------------------------------------------------------------------
OBJ := $(BUILD)/obj
CORE_SRCS := $(sort $(wildcard unwind/core/*/*.c))
UNWIND_SRCS := $(sort $(wildcard unwind/*/*.c))
MAIN_SRCS := $(sort $(wildcard report/*/main.c))
REPORT_SRCS := $(filter-out $(MAIN_SRCS),$(sort $(wildcard report/*.c report/*/*.c)))

# The flags follow the folder: these two may call libc. Everything else in preload/ is crash path, under its stricter rules.
CALM_SRCS := $(sort $(wildcard preload/program/*.c preload/facts/*.c))
PRELOAD_SRCS := $(sort $(wildcard preload/*/*.c))
CRASH_SRCS := $(CORE_SRCS) $(filter-out $(CALM_SRCS),$(PRELOAD_SRCS))

CRASH_OBJS := $(CRASH_SRCS:%.c=$(OBJ)/lib/%.o)
CALM_OBJS := $(CALM_SRCS:%.c=$(OBJ)/lib/%.o)
UNWIND_OBJS := $(patsubst %.c,$(OBJ)/tool/%.o,$(CORE_SRCS) $(UNWIND_SRCS))
REPORT_OBJS := $(REPORT_SRCS:%.c=$(OBJ)/tool/%.o)
MAIN_OBJS := $(MAIN_SRCS:%.c=$(OBJ)/tool/%.o)
SAN_OBJS := $(if $(SAN),$(OBJ)/tool/tests/sanitizer/options.o) $(if $(COV),$(OBJ)/tool/tests/coverage/exit.o)
# Archives, so that only the object files that a test program refers to are linked into it.
ARCHIVES := $(OBJ)/report.a $(OBJ)/unwind.a

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/*.c)))
# Fuzz targets: replayed without a fuzzer in $(BUILD)/tests/fuzz, and with libFuzzer in $(BUILD)/fuzz.
FUZZ_NAMES := $(sort $(basename $(notdir $(wildcard tests/fuzz/*.c))))
REPLAYS := $(addprefix $(BUILD)/tests/fuzz/,$(FUZZ_NAMES))
FUZZERS := $(addprefix $(BUILD)/fuzz/,$(FUZZ_NAMES))
TOOL_SRCS := $(sort $(wildcard tests/tools/*.c))
# Tools that use crashpre's code are linked with it. The others play the crashing program, its parent or its
# surroundings: plain C without sanitizers, since tests look at their frames and signals.
TOOL_PRELOADS := $(filter tests/tools/lib%,$(TOOL_SRCS))
TOOL_USERS := $(filter-out $(TOOL_PRELOADS),$(shell grep -lE '^.include "(unwind/[a-z]+/[a-z0-9_]+\.h|report/)' $(TOOL_SRCS) /dev/null))
TOOL_PLAIN := $(filter-out $(TOOL_PRELOADS) $(TOOL_USERS),$(TOOL_SRCS))
tool_programs = $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(1))
# The helper as a dynamic program, for tests that preload something into it.
SHARED_HELPER := $(BUILD)/tests/helper-shared
TEST_TOOLS := $(SHARED_HELPER) $(call tool_programs,$(TOOL_USERS) $(TOOL_PLAIN)) $(addsuffix .so,$(call tool_programs,$(TOOL_PRELOADS)))
ZOO_SRCS := $(sort $(wildcard tests/zoo/*.c tests/zoo/*.cc))
# Their build-flags, as source|word. All that is linked into a program is compiled with the flags of that program, so
# each has a folder of objects of its own.
ZOO_OWN := $(shell awk 'match($$0, /build-flags: */) { text = substr($$0, RSTART + RLENGTH); sub(/[*].*/, "", text); \
	n = split(text, words, " "); for (i = 1; i <= n; i++) print FILENAME "|" words[i] }' $(ZOO_SRCS) /dev/null)
zoo_own = $(patsubst $(1)|%,%,$(filter $(1)|%,$(ZOO_OWN)))
zoo_sources = $(1) $(filter %.c %.cc,$(call zoo_own,$(1)))
zoo_folder = $(OBJ)/zoo-$(1)/$(basename $(notdir $(2)))
zoo_objects = $(addprefix $(call zoo_folder,$(1),$(2))/,$(addsuffix .o,$(basename $(call zoo_sources,$(2)))))
zoo_program = $(BUILD)/tests/zoo-$(1)/$(patsubst lib%,lib%.so,$(basename $(notdir $(2))))
ZOO_LEVELS := O0 O2
ZOO := $(foreach level,$(ZOO_LEVELS),$(foreach source,$(ZOO_SRCS),$(call zoo_program,$(level),$(source))))
ZOO_OBJS := $(foreach level,$(ZOO_LEVELS),$(foreach source,$(ZOO_SRCS),$(call zoo_objects,$(level),$(source))))

HEADERS := $(patsubst preload/%,$(BUILD)/include/%,$(wildcard preload/crashpre.h preload/crashpre.hpp))
SCHEMA := $(patsubst report/%,$(BUILD)/share/crashpre/%,$(wildcard report/crashpre-report.schema.json))
MAN := $(foreach page,$(sort $(wildcard man/*.[1-8])),$(BUILD)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
COMPLETION := $(BUILD)/share/bash-completion/completions/crashpre $(BUILD)/share/zsh/site-functions/_crashpre
# The programs contain LGPL code, so the texts of its licenses go with them.
GNU_LICENSES := $(patsubst /usr/share/common-licenses/%,$(BUILD)/share/doc/crashpre/%,$(wildcard \
	$(addprefix /usr/share/common-licenses/,GPL-3 LGPL-3 LGPL-2.1)))
LICENSE := $(patsubst %,$(BUILD)/share/doc/crashpre/%,$(wildcard LICENSE)) $(GNU_LICENSES)
PROGRAMS := $(if $(filter report/command/main.c,$(MAIN_SRCS)),$(BUILD)/bin/crashpre) \
	$(if $(filter report/helper/main.c,$(MAIN_SRCS)),$(BUILD)/libexec/crashpre/crashpre-helper)
LIBRARY := $(if $(PRELOAD_SRCS),$(BUILD)/lib/libcrashpre.so)
DATA := $(HEADERS) $(SCHEMA) $(MAN) $(COMPLETION) $(LICENSE)
PKG_CONFIG_FILE := lib/pkgconfig/crashpre.pc
INSTALLED := $(patsubst $(BUILD)/%,%,$(LIBRARY) $(PROGRAMS) $(DATA))

# ---- targets -----------------------------------------------------------------------------------------------------------------
.PHONY: all tests zoo install uninstall deb demo check check-all bench soak fuzz fuzzers coverage lint lint-c lint-shell lint-man format format-check clean help FORCE

all: $(LIBRARY) $(PROGRAMS) $(DATA) ## library, helper, command, header, man pages (default)

tests: all zoo $(TEST_TOOLS) $(UNIT_TESTS) $(REPLAYS) ## the test programs

zoo: all $(ZOO)

check: tests ## every test that core packages allow; TAP, last line "N passed, N failed, N skipped"
	@BUILD='$(abspath $(BUILD))' scripts/check

check-all: tests big-programs ## the same with slow tests and heavy runtimes installed; a skip is a failure
	@BUILD='$(abspath $(BUILD))' scripts/check --all

# 200 MB of debugging information, by two compilers: some minutes each, once.
.PHONY: big-programs
big-programs:
	$(call say,BIG,$(BUILD)/tests/big-*)
	@tests/bench/big-program $(BUILD)/tests/big-g++ g++
	@if command -v clang++ >/dev/null; then tests/bench/big-program $(BUILD)/tests/big-clang++ clang++; fi

demo: all zoo ## crash a few programs under the preload and show their reports
	@BUILD='$(abspath $(BUILD))' scripts/demo

fuzz: ## fuzz the readers (tests/fuzz) with clang's libFuzzer, FUZZ_SECONDS each; findings are saved where make check replays them
	@scripts/fuzz

fuzzers: $(FUZZERS)

coverage: ## which lines of helper, command and unwind/ the unit tests and the faster suites run, by folder
	@scripts/coverage

bench: tests ## start-up cost, time to report, unwinding against other tools
	@BUILD='$(abspath $(BUILD))' tests/bench/run

soak: tests ## thousands of random crashes and storms, then with a sanitized helper; prints its seed
	@$(MAKE) SAN=address,undefined BUILD=build-san all
	@BUILD='$(abspath $(BUILD))' SAN_BUILD=build-san tests/soak/run

install: all ## copy the build tree to $(DESTDIR)$(PREFIX)
	$(Q)for file in $(INSTALLED); do \
		case $$file in bin/* | lib/* | libexec/*) mode=755 ;; *) mode=644 ;; esac; \
		install -D -m $$mode $(BUILD)/$$file '$(DESTDIR)$(PREFIX)'/$$file || exit 1; \
	done
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' scripts/crashpre.pc.in | \
		install -D -m 644 /dev/stdin '$(DESTDIR)$(PREFIX)'/$(PKG_CONFIG_FILE)
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))

uninstall: ## remove what install copied
	$(Q)cd '$(DESTDIR)$(PREFIX)' && rm -f $(INSTALLED) $(PKG_CONFIG_FILE) && rmdir -p --ignore-fail-on-non-empty \
		libexec/crashpre share/crashpre share/doc/crashpre 2>/dev/null || true

deb: ## a Debian package in $(BUILD)/deb, needs no network
	@scripts/packages build deb
	@scripts/deb $(VERSION) $(BUILD)

lint: lint-c lint-shell lint-man ## clang-tidy, shellcheck, mandoc

lint-c: compile_commands.json $(BUILD)/gen/version.h $(BUILD)/gen/syscallnames.h
	@scripts/lint c

lint-shell:
	@scripts/lint shell

lint-man:
	@scripts/lint man

format: ## rewrite the C sources as .clang-format says
	@scripts/lint format

format-check: ## list the places `make format` would change
	@scripts/lint format-check

clean: ## remove build trees
	rm -rf build build-san build-fuzz build-cov $(BUILD) compile_commands.json

help: ## this text
	@echo 'Targets:'
	@sed -n 's/^\([a-z][a-z_.-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 24 | sed 's/^/  /'
	@echo 'Switches (make NAME=value):'
	@printf '  %-20s  %s\n' \
		CC 'compiler: gcc (default), clang, ...' \
		OPT 'optimization and debug flags ($(OPT))' \
		CFLAGS 'further flags' \
		SAN 'sanitizers for helper and command, as in SAN=address,undefined' \
		BUILD 'build tree ($(BUILD))' \
		PREFIX 'where install copies to ($(PREFIX))' \
		DESTDIR 'put before PREFIX, for packagers' \
		DEBEMAIL 'deb: who answers for the package, with DEBFULLNAME; from the environment' \
		V 'V=1 shows each command' \
		TESTS 'check: files, regular expressions on titles, or both, as in TESTS="death units", TESTS=hlt, TESTS=crashes:hlt' \
		KEEP 'check: KEEP=1 keeps the directories of the tests' \
		JOBS 'check: test files run at once (number of cores)' \
		SEED 'soak: SEED=N repeats the run that printed it' \
		ROUNDS 'soak: rounds of each storm (200); ten times as many random crashes' \
		AT 'soak: AT=STEP:NUMBER runs that round only' \
		FUZZ_SECONDS 'fuzz: seconds for each target (60)' \
		FUZZ_TARGETS 'fuzz: which ones, as in FUZZ_TARGETS="raw elf" ($(FUZZ_NAMES))' \
		COV 'COV=1 counts the lines that helper and command run, for gcov; make coverage does it in a tree of its own'

# ---- generated files ---------------------------------------------------------------------------------------------------------
$(BUILD)/gen/version.h: FORCE
	@scripts/version-header $(VERSION) | scripts/replace-if-changed $@

# Names of system calls, as the kernel's headers for this processor have them.
$(BUILD)/gen/syscallnames.h: $(BUILD)/gen/flags
	$(Q)echo '#include <asm/unistd.h>' | $(CC) -E -dM - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/\2 \1/p' | sort -n | \
		awk 'BEGIN { print "#define SYSCALL_NAMES \\" } { printf "\t{ \"%s\", %s }, \\\n", $$2, $$1 } END { print "" }' >$@

# Objects depend on the flags they were made with: another CC or OPT in the same tree makes all of them anew.
$(BUILD)/gen/flags: FORCE
	@printf '%s\n' '$(CC_VERSION)' '$(PRELOAD_FLAGS) $(CRASH_FLAGS) $(CRASH_TEXT) $(PRELOAD_LDFLAGS)' '$(TOOL_FLAGS) $(TOOL_LDFLAGS) $(TOOL_LIBS) $(HELPER_LIBS)' \
		'$(ZOO_FLAGS)' | scripts/replace-if-changed $@

# clang reads it (clang-tidy, clangd), so gcc's own warnings are left out. The shared core is listed as the library compiles it.
compile_commands.json: $(BUILD)/gen/flags Makefile FORCE
	@{ echo '['; sep=; \
	for file in $(CRASH_SRCS); do printf '%s{"directory": "$(CURDIR)", "file": "%s", "command": "clang %s -c %s"}\n' \
		"$$sep" $$file '$(filter-out $(WARN_gcc) $(CRASH_FLAGS_gcc) -MMD -MP,$(PRELOAD_FLAGS) $(CRASH_FLAGS))' $$file; sep=,; done; \
	for file in $(CALM_SRCS); do printf '%s{"directory": "$(CURDIR)", "file": "%s", "command": "clang %s -c %s"}\n' \
		"$$sep" $$file '$(filter-out $(WARN_gcc) -MMD -MP,$(PRELOAD_FLAGS))' $$file; sep=,; done; \
	for file in $(UNWIND_SRCS) $(REPORT_SRCS) $(MAIN_SRCS) $(wildcard tests/unit/*.c tests/fuzz/*.c tests/fuzz/*/*.c) $(TOOL_SRCS); do \
		printf '%s{"directory": "$(CURDIR)", "file": "%s", "command": "clang %s -c %s"}\n' \
		"$$sep" $$file '$(filter-out $(WARN_gcc) -MMD -MP,$(TOOL_FLAGS))' $$file; sep=,; done; \
	echo ']'; } | scripts/replace-if-changed $@

# ---- objects -----------------------------------------------------------------------------------------------------------------
OBJ_NEEDS := $(BUILD)/gen/flags $(BUILD)/gen/syscallnames.h | $(BUILD)/gen/version.h

$(CALM_OBJS): $(OBJ)/lib/%.o: %.c $(OBJ_NEEDS)
	$(call say,CC,$<)
	$(mkdir)
	$(Q)$(CC) $(PRELOAD_FLAGS) -c -o $@ $<

$(CRASH_OBJS): $(OBJ)/lib/%.o: %.c $(OBJ_NEEDS)
	$(call say,CC,$<)
	$(mkdir)
	$(Q)$(CC) $(PRELOAD_FLAGS) $(CRASH_FLAGS) -c -o $@ $<
	$(Q)$(OBJCOPY) --rename-section .text=$(CRASH_TEXT) $@

$(OBJ)/tool/%.o: %.c $(OBJ_NEEDS)
	$(call say,CC,$<$(if $(filter $(CORE_SRCS),$<), (tool)))
	$(mkdir)
	$(Q)$(CC) $(TOOL_FLAGS) -c -o $@ $<

$(OBJ)/tool/tests/sanitizer/options.o: CPPFLAGS += -DCRASHPRE_SAN_LOG='"$(abspath $(BUILD))/san-log"'

$(OBJ)/unwind.a: $(UNWIND_OBJS)
$(OBJ)/report.a: $(REPORT_OBJS)
$(ARCHIVES):
	$(mkdir)
	@rm -f $@
	$(Q)$(AR) qcs $@ $(filter %.o,$^)

# ---- products ----------------------------------------------------------------------------------------------------------------
$(LIBRARY): $(CRASH_OBJS) $(CALM_OBJS) $(PRELOAD_MAP) preload/sealed.ld
	$(call say,LINK,$@)
	$(mkdir)
	$(Q)$(CC) $(OPT) $(PRELOAD_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^)

link_tool = $(CC) $(OPT) $(filter-out $(if $(filter -static,$(LINKED_LIBS)),-no-pie),$(TOOL_LDFLAGS)) $(LDFLAGS) -o $@ $(filter %.o,$^) $(ARCHIVES) $(LINKED_LIBS)
LINKED_LIBS = $(TOOL_LIBS)

$(BUILD)/bin/crashpre: $(OBJ)/tool/report/command/main.o
$(BUILD)/libexec/crashpre/crashpre-helper $(SHARED_HELPER): $(OBJ)/tool/report/helper/main.o
$(BUILD)/libexec/crashpre/crashpre-helper: LINKED_LIBS = $(if $(SAN)$(COV),$(TOOL_LIBS),$(HELPER_LIBS))
$(PROGRAMS) $(SHARED_HELPER): $(ARCHIVES) $(SAN_OBJS)
	$(call say,LINK,$@)
	$(mkdir)
	$(Q)$(link_tool)

$(BUILD)/include/%: preload/%
	$(mkdir)
	@cp $< $@
$(BUILD)/share/crashpre/%: report/%
	$(mkdir)
	@cp $< $@
$(BUILD)/share/bash-completion/completions/crashpre: scripts/completion/crashpre.bash
	$(mkdir)
	@cp $< $@
$(BUILD)/share/zsh/site-functions/%: scripts/completion/%
	$(mkdir)
	@cp $< $@
$(GNU_LICENSES): $(BUILD)/share/doc/crashpre/%: /usr/share/common-licenses/%
	$(mkdir)
	@cp $< $@
$(BUILD)/share/doc/crashpre/%: %
	$(mkdir)
	@cp $< $@
# One rule a section: to make 4.4, the targets of one pattern rule come from one run of its recipe.
define man_rule
$(BUILD)/share/man/man$(1)/%: man/%
	$$(mkdir)
	@cp $$< $$@
endef
$(foreach section,1 3 5 7,$(eval $(call man_rule,$(section))))

# ---- test programs -----------------------------------------------------------------------------------------------------------
$(UNIT_TESTS): $(BUILD)/tests/unit/%: $(OBJ)/tool/tests/unit/%.o $(ARCHIVES) $(SAN_OBJS)
	$(call say,LINK,$@)
	$(mkdir)
	$(Q)$(link_tool)

$(REPLAYS): $(BUILD)/tests/fuzz/%: $(OBJ)/tool/tests/fuzz/%.o $(OBJ)/tool/tests/fuzz/replay/main.o $(ARCHIVES) $(SAN_OBJS)
	$(call say,LINK,$@)
	$(mkdir)
	$(Q)$(link_tool)

$(FUZZERS): $(BUILD)/fuzz/%: $(OBJ)/tool/tests/fuzz/%.o $(ARCHIVES)
	$(call say,LINK,$@)
	$(mkdir)
	$(Q)$(link_tool) -fsanitize=fuzzer

$(call tool_programs,$(TOOL_USERS)): $(BUILD)/tests/%: $(OBJ)/tool/tests/tools/%.o $(ARCHIVES) $(SAN_OBJS)
	$(call say,LINK,$@)
	$(mkdir)
	$(Q)$(link_tool)

$(call tool_programs,$(TOOL_PLAIN)): $(BUILD)/tests/%: tests/tools/%.c $(OBJ_NEEDS)
	$(call say,CC,$<)
	$(mkdir)
	$(Q)$(CC) $(BASE_FLAGS) -fno-pie -no-pie -pthread -MF $@.d -MT $@ -o $@ $< $(own_flags) -ldl -lm

# Libraries that tests preload or load by dlopen: plain ones, never sanitized.
$(filter %.so,$(TEST_TOOLS)): $(BUILD)/tests/%.so: tests/tools/%.c $(OBJ_NEEDS)
	$(call say,CC,$<)
	$(mkdir)
	$(Q)$(CC) $(BASE_FLAGS) -fPIC -shared -pthread -MF $@.d -MT $@ -o $@ $< $(own_flags)

# zoo_rules LEVEL SOURCE: one program or library. Flags for the linker alone stay away from the compiler: clang complains of them.
ZOO_COMPILE_c = $(CC) -std=gnu11
ZOO_COMPILE_cc = $(CXX) -std=gnu++17
define zoo_rules
$(call zoo_folder,$(1),$(2))/%.o: %$(suffix $(2)) $(2) $(BUILD)/gen/flags $(BUILD)/gen/syscallnames.h
	$$(call say,$(if $(filter %.c,$(2)),CC,CXX),$$< ($(1)))
	$$(mkdir)
	$$(Q)$$(ZOO_COMPILE$(subst .,_,$(suffix $(2)))) -$(1) $$(filter-out -Wl$$(comma)%,$$(ZOO_FLAGS)) -MMD -MP \
		$(filter-out %.c %.cc -no-pie -static-% -Wl$(comma)%,$(call zoo_own,$(2))) $(if $(filter lib%,$(notdir $(2))),-fPIC) -c -o $$@ $$<
$(call zoo_program,$(1),$(2)): $(call zoo_objects,$(1),$(2))
	$$(call say,LINK,$$@)
	$$(mkdir)
	$$(Q)$$(ZOO_COMPILE$(subst .,_,$(suffix $(2)))) -$(1) $$(ZOO_FLAGS) $(if $(filter lib%,$(notdir $(2))),-fPIC -shared) -o $$@ $$^ \
		$(filter-out %.c %.cc,$(call zoo_own,$(2))) $(if $(filter lib%,$(notdir $(2))),,-ldl -lm)
endef
$(foreach level,$(ZOO_LEVELS),$(foreach source,$(ZOO_SRCS),$(eval $(call zoo_rules,$(level),$(source)))))

# ---- dependencies found by the compiler --------------------------------------------------------------------------------------
-include $(patsubst %.o,%.d,$(CRASH_OBJS) $(CALM_OBJS) $(UNWIND_OBJS) $(REPORT_OBJS) $(MAIN_OBJS) $(SAN_OBJS))
-include $(patsubst $(BUILD)/tests/unit/%,$(OBJ)/tool/tests/unit/%.d,$(UNIT_TESTS))
-include $(TOOL_USERS:%.c=$(OBJ)/tool/%.d)
-include $(patsubst %,$(OBJ)/tool/tests/fuzz/%.d,$(FUZZ_NAMES) replay/main)
-include $(addsuffix .d,$(call tool_programs,$(TOOL_PLAIN)) $(filter %.so,$(TEST_TOOLS)))
-include $(ZOO_OBJS:.o=.d)
