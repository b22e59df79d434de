# The program gtlabel (client/), over libpq, libmicrohttpd and zlib.  Works without a server package.
# Included by the Makefile; CLIENT_ variables can be given on the command line.

CLIENT_BUILD = build/client
CLIENT_SOURCES = $(sort $(wildcard client/*.c client/*/*.c))
CLIENT_HEADERS = $(wildcard client/*.h client/*/*.h)
CLIENT_PAGES = $(sort $(wildcard client/portal/*.*))
CLIENT_OBJS = $(CLIENT_SOURCES:client/%.c=$(CLIENT_BUILD)/obj/%.o) $(CLIENT_BUILD)/obj/assets.o
CLIENT_CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
CLIENT_LDFLAGS ?= -Wl,-z,relro,-z,now
CLIENT_PQ_INCLUDES ?= $(firstword $(wildcard /usr/include/postgresql) $(shell pg_config --includedir 2>/dev/null))
CLIENT_LIBS ?= -lpq -lmicrohttpd -lz -lpthread
CLIENT_ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wdeclaration-after-statement -Wmissing-prototypes \
	-Wno-unused-parameter -Wno-missing-field-initializers $(if $(WERROR),-Werror) \
	-DGTL_VERSION='"$(EXTVERSION)"' -Iclient -isystem $(CLIENT_PQ_INCLUDES)

.PHONY: client client-unit client-unit-sanitized client-sanitized
client: $(CLIENT_BUILD)/gtlabel $(CLIENT_BUILD)/gtlabel.1

$(CLIENT_BUILD)/assets.c: client/embed $(CLIENT_PAGES) client/portal
	@mkdir -p $(@D)
	client/embed client/portal > $@.tmp && mv $@.tmp $@

$(CLIENT_BUILD)/obj/assets.o: $(CLIENT_BUILD)/assets.c client/serve/assets.h
	@mkdir -p $(@D)
	$(CC) $(CLIENT_ALL_CFLAGS) $(CLIENT_CFLAGS) -c -o $@ $<

$(CLIENT_BUILD)/obj/%.o: client/%.c $(CLIENT_HEADERS) gtlabel.control
	@mkdir -p $(@D)
	$(CC) $(CLIENT_ALL_CFLAGS) $(CLIENT_CFLAGS) -c -o $@ $<

$(CLIENT_BUILD)/gtlabel: $(CLIENT_OBJS)
	$(CC) $(CLIENT_CFLAGS) $(CLIENT_LDFLAGS) -o $@ $^ $(CLIENT_LIBS)

# The manual page is made of what the program says under --help.
$(CLIENT_BUILD)/gtlabel.1: client/manual $(CLIENT_BUILD)/gtlabel
	client/manual $(CLIENT_BUILD)/gtlabel > $@.tmp && mv $@.tmp $@

# Everything but the main program: its tests bring their own.
CLIENT_UNIT_MAINS = $(sort $(wildcard test/client/test_*.c))
CLIENT_UNIT_PROGRAMS = $(CLIENT_UNIT_MAINS:test/client/%.c=$(CLIENT_BUILD)/unit/%)

$(CLIENT_BUILD)/unit/%: test/client/%.c test/unit/check.h $(CLIENT_OBJS)
	@mkdir -p $(@D)
	$(CC) $(CLIENT_ALL_CFLAGS) $(CLIENT_CFLAGS) -Itest/unit -o $@ $< $(filter-out %/main.o,$(CLIENT_OBJS)) $(CLIENT_LIBS) -lm

client-unit: $(CLIENT_UNIT_PROGRAMS)
	@scripts/unit $(CLIENT_UNIT_PROGRAMS)

client-unit-sanitized: client-sanitized
	@scripts/unit $(CLIENT_UNIT_MAINS:test/client/%.c=build/client-sanitized/unit/%)

# The same program and tests with gcc's sanitizers, in build/client-sanitized.
client-sanitized:
	@$(MAKE) -s CLIENT_BUILD=build/client-sanitized CLIENT_LDFLAGS= \
		CLIENT_CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined' \
		build/client-sanitized/gtlabel $(CLIENT_UNIT_MAINS:test/client/%.c=build/client-sanitized/unit/%)
