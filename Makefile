# gtlabel: build, install and test.  `make help` lists the targets.

EXTENSION = gtlabel
MODULE_big = gtlabel
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" gtlabel.control)

# The server to build for: `make PG_CONFIG=/path/to/pg_config`.
ifndef PG_CONFIG
PG_CONFIG := $(shell scripts/pg-config)
endif
export PG_CONFIG
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

.DEFAULT_GOAL := all

# ---- What works without a PostgreSQL development package: it fetches one ----

.PHONY: help setup test test-versions demo check-arrows deb dist
help:
	@echo "make                  build gtlabel.so and the install script"
	@echo "make install          install them into the server of PG_CONFIG"
	@echo "make test             set up the machine, build, install, run every test (root or sudo)"
	@echo "make test-versions    the server tests on VERSIONS=\"$(VERSIONS)\", each in a root of its own (root)"
	@echo "make demo             set up the machine, build, install, label 5,574 messages (root or sudo); DEMO=digits: images"
	@echo "make setup            install the Debian packages that are missing (root or sudo)"
	@echo "make client           build the program gtlabel, without a server package; install-client [prefix=/usr/local]"
	@echo "make uninstall        remove what make install has installed"
	@echo "make installcheck     regression and isolation tests on the running server of PGHOST, PGPORT"
	@echo "make unit             the tests of src/learning, without a server; client-unit: those of client/"
	@echo "make unit-valgrind    the same under valgrind"
	@echo "make check-symbols    every symbol that gtlabel.so exports carries the prefix"
	@echo "make check-arrows      every folder of src/ uses only those before it"
	@echo "make check-format     where the C code differs from the style;  make format  changes it"
	@echo "make coverage         line coverage of src/, in build/coverage"
	@echo "make sanitize         the tests with gcc's sanitizers"
	@echo "make check-release    the same version everywhere, META.json, make uninstall"
	@echo "make deb              Debian packages of the last commit in build/deb, built and tried in roots of their own (root)"
	@echo "make dist             build/gtlabel-$(EXTVERSION).tar.gz and .zip (for PGXN) from the last commit"
	@echo
	@echo "variables: PG_CONFIG=...  WERROR=1  REGRESS='a b'  ISOLATION='a b'  VERSIONS='17 18'  OPENBLAS_LIBS=..."

setup:
	@scripts/setup

test:
	@scripts/test

# Other major versions; those of MAY_SKIP come from suites of Debian that are in the making.
VERSIONS ?= 17 18
MAY_SKIP ?= 18 19
test-versions:
	@MAY_SKIP="$(MAY_SKIP)" scripts/test-versions $(VERSIONS)

demo:
	@DEMO="$(DEMO)" scripts/demo

check-arrows:
	@scripts/check-arrows

# ---- Releases ----------------------------------------------------------------

# The suite of Debian to build for; by default this machine's.
DEB_SUITE ?=
deb:
	@scripts/deb $(DEB_SUITE)

dist:
	@scripts/archive build
	@ls build/$(EXTENSION)-*.tar.gz build/$(EXTENSION)-*.zip

include client/client.mk

ifeq ($(PGXS),)

prefix ?= /usr/local
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man

all install installcheck unit unit-valgrind check-symbols check-release coverage sanitize:
	@echo "make: no pg_config found: set PG_CONFIG, or install a server's development package (make setup does)" >&2; exit 1
.PHONY: all install installcheck unit unit-valgrind check-symbols check-release coverage sanitize

else

# ---- Sources ----------------------------------------------------------------

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
SQL_PARTS = $(sort $(wildcard sql/parts/*.sql))
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA = $(wildcard sql/$(EXTENSION)--*--*.sql)

# ---- Libraries --------------------------------------------------------------

# OpenBLAS's serial build, linked from its archive.  A backend must not start threads, and
# libblas.so.3 and libopenblas.so.0 are whatever the machine's alternatives, or a library loaded
# earlier into the same backend, make of those names.  From the archive there is nothing to
# choose at run time, none of its symbols are exported, and loading the module takes a tenth of
# the time (0.3 ms against 3 ms; the shared library brings all of LAPACK).
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
OPENBLAS_CPPFLAGS ?= -isystem /usr/include/$(MULTIARCH)/openblas-serial
OPENBLAS_LIBS ?= -Wl,--exclude-libs,libopenblas.a /usr/lib/$(MULTIARCH)/openblas-serial/libopenblas.a -lm

SHLIB_LINK = $(OPENBLAS_LIBS)

# ---- Flags ------------------------------------------------------------------

# The server's headers count as system headers: what they do is not our warning.  Callbacks have
# parameters that they do not need, and members that an initializer leaves out are zero on purpose.
WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers $(if $(WERROR),-Werror)
PG_CPPFLAGS = -Isrc -DGTL_VERSION='"$(EXTVERSION)"' -isystem $(shell $(PG_CONFIG) --includedir-server) $(OPENBLAS_CPPFLAGS) -MMD -MP
PG_CFLAGS = $(WARNINGS)

# Sums may be reordered into vector lanes, and a NaN stays a NaN (-ffast-math would lose that).
LEARNING_CFLAGS = -O3 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math
LEARNING_SOURCES = $(sort $(wildcard src/learning/*.c))
LEARNING_OBJS = $(LEARNING_SOURCES:.c=.o)

# No bitcode: what can be inlined into a query is a few thin stubs, and PGXS would want clang,
# which does not know some of the flags, for every file.
override with_llvm := no

# ---- Server tests -----------------------------------------------------------

# Inputs in test/sql, expected output in expected; in order of their names, those of
# REGRESS_FIRST before the others.  `make installcheck REGRESS="plan job"` runs only these.
# pg_regress wants both in one folder, so test/expected is a link.
REGRESS_FIRST =
REGRESS ?= $(REGRESS_FIRST) $(filter-out $(REGRESS_FIRST),$(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql))))
REGRESS_OPTS = --inputdir=test --outputdir=build/regress --load-extension=$(EXTENSION)
REGRESS_PREP = test-folders

# Races: test/isolation/specs and test/isolation/expected.
ISOLATION ?= $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=build/isolation --load-extension=$(EXTENSION)

# PGXS runs a suite whose variable is defined, even to nothing.
ifeq ($(strip $(REGRESS)),)
override undefine REGRESS
endif
ifeq ($(strip $(ISOLATION)),)
override undefine ISOLATION
endif

EXTRA_CLEAN = $(OBJS:.o=.d) build

include $(PGXS)

# PGXS has already used PG_CFLAGS up when a target-specific one would be read.
$(LEARNING_OBJS): override CFLAGS += $(LEARNING_CFLAGS)

# They hold the version.
src/reports/check.o src/data/in_place.o src/api/in_place.o: gtlabel.control

-include $(OBJS:.o=.d)

# The client goes with the extension, beside psql; with CLIENT=no it is left out.
ifneq ($(CLIENT),no)
all: client
install: install-client
uninstall: uninstall-client
endif

# The folder is a prerequisite too, so that a deleted part is missed.
$(DATA_built): $(SQL_PARTS) sql/parts
	cat $(SQL_PARTS) > $@.tmp && mv $@.tmp $@

.PHONY: test-folders
test-folders:
	@mkdir -p build/regress build/isolation
	@[ ! -d test/expected ] || [ -L test/expected ] || { echo "expected output belongs into expected, not test/expected" >&2; exit 1; }
	@ln -sfn ../expected test/expected

# ---- Unit tests: src/learning without a server ------------------------------

# A .c file in test/unit that has a main is a program; the others are linked into all of them.
UNIT_SOURCES = $(sort $(wildcard test/unit/*.c))
UNIT_MAINS := $(if $(UNIT_SOURCES),$(shell grep -lE '^(int[[:space:]]+)?main\>' $(UNIT_SOURCES)))
UNIT_COMMON = $(filter-out $(UNIT_MAINS),$(UNIT_SOURCES))
UNIT_PROGRAMS = $(UNIT_MAINS:test/unit/%.c=build/unit/%)
UNIT_CFLAGS = -g -O2 $(WARNINGS) $(UNIT_PROFILE) -Isrc -Itest/unit $(OPENBLAS_CPPFLAGS)
UNIT_HEADERS = $(wildcard test/unit/*.h src/learning/*.h)

build/unit/obj/%.o: src/%.c $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) $(LEARNING_CFLAGS) -c -o $@ $<

build/unit/%: test/unit/%.c $(UNIT_COMMON) $(UNIT_HEADERS) $(patsubst src/%.c,build/unit/obj/%.o,$(LEARNING_SOURCES))
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -o $@ $(filter %.c %.o,$^) $(OPENBLAS_LIBS) -lm

.PHONY: unit-programs unit unit-valgrind
unit-programs: $(UNIT_PROGRAMS)

unit: unit-programs
	@scripts/unit $(UNIT_PROGRAMS)

unit-valgrind: unit-programs
	@scripts/unit --valgrind $(UNIT_PROGRAMS)

# ---- Checks of the code -----------------------------------------------------

C_FILES = $(wildcard src/*.[ch] src/*/*.[ch] test/unit/*.[ch] client/*.[ch] client/serve/*.[ch] test/client/*.[ch])
CLANG_FORMAT ?= $(firstword $(wildcard /usr/bin/clang-format-14) clang-format)

.PHONY: check-format format check-symbols check-release coverage sanitize
check-format:
	@CLANG_FORMAT=$(CLANG_FORMAT) scripts/format --check $(C_FILES)

format:
	@CLANG_FORMAT=$(CLANG_FORMAT) scripts/format $(C_FILES)

# The server exports every non-static function of a module into one name space.
check-symbols: all
	@strangers=$$(nm -D --defined-only $(shlib) | awk '{print $$3}' | \
		grep -Ev '^(gtl_|pg_finfo_gtl_|Pg_magic_func$$|_PG_init$$|_PG_fini$$|_init$$|_fini$$)' || true); \
	if [ -n "$$strangers" ]; then \
		echo "exported without the prefix gtl_:" >&2; echo "$$strangers" >&2; exit 1; \
	fi; echo "every symbol of $(shlib) carries the prefix"

check-release: all
	@scripts/check-release

coverage:
	@scripts/coverage

sanitize:
	@scripts/sanitize

endif

.PHONY: install-client uninstall-client
install-client: client
	@mkdir -p '$(DESTDIR)$(bindir)' '$(DESTDIR)$(mandir)/man1'
	install -m 755 $(CLIENT_BUILD)/gtlabel '$(DESTDIR)$(bindir)/gtlabel'
	install -m 644 $(CLIENT_BUILD)/gtlabel.1 '$(DESTDIR)$(mandir)/man1/gtlabel.1'

uninstall-client:
	rm -f '$(DESTDIR)$(bindir)/gtlabel' '$(DESTDIR)$(mandir)/man1/gtlabel.1'
