# arbiter/Makefile

# These bring what they need, PostgreSQL included, and run on private servers.
script_goals = demo demo-claims check bench soak unit lint format prerequisites
.PHONY: $(script_goals)

ifneq ($(filter $(script_goals),$(MAKECMDGOALS)),)

demo demo-claims check soak lint format prerequisites:
	@scripts/$@

bench:
	@bench/run

unit: unit/steps_test
	@unit/steps_test

# The step arithmetic needs no PostgreSQL: tested alone, under the sanitizers.
unit/steps_test: unit/steps_test.c src/timeline/steps.c src/timeline/steps.h
	$(CC) -g -O1 -Wall -Wextra -fno-omit-frame-pointer -fwrapv \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		$(COPT) -Isrc -o $@ unit/steps_test.c src/timeline/steps.c

# Other goals beside one of these: as if they were given alone.
$(filter-out $(script_goals),$(MAKECMDGOALS)):
	@$(MAKE) $@

else

EXTENSION = arbiter
MODULE_big = arbiter
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*/*.c)))
DATA = $(wildcard arbiter--*.sql)
PGFILEDESC = "arbiter - transactional reservations on a capacity timeline"

# install makes the database the others work in, helpers what they share
REGRESS = install helpers \
	$(filter-out install helpers,$(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql))))
ISOLATION = $(patsubst specs/%.spec,%,$(sort $(wildcard specs/*.spec)))
TAP_TESTS = 1

# PostgreSQL's macros compare int with size_t, and its interfaces have
# parameters that not every implementation uses.
PG_CPPFLAGS = -I$(srcdir)/src
# Libraries of a session share their names: what is ours is called by us, whatever
# another extension has called the same.
SHLIB_LINK = -lical -Wl,-Bsymbolic-functions
PG_CFLAGS = -Wall -Wextra -Wno-sign-compare -Wno-unused-parameter
EXTRA_CLEAN = unit/steps_test

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard src/*/*.h)

endif
