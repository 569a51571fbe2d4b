# Lots. `make help` lists the targets. CC CFLAGS LDFLAGS DESTDIR prefix are the user's.
CC      ?= cc
CFLAGS  ?= -O2 -g
LDFLAGS ?=
prefix  ?= /usr/local
BUILD   ?= build
LIBART  ?= own

WARN   := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wvla -Wundef $(WERROR)
OURS   := -std=c17 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -I. -ffile-prefix-map=$(CURDIR)=. $(WARN) $(MODE)
LIBS   := -lsqlite3 -lzstd -lxxhash -lz -linih -lutf8proc -lpthread -lm

ALL_C  := $(sort $(wildcard core/*/*.c ingest/*.c query/*/*.c))
CLI_C  := $(sort $(wildcard query/cli/*.c))
LIB_C  := $(filter-out $(CLI_C),$(ALL_C))
ifeq ($(LIBART),system)
LIB_C  := $(filter-out core/index/art.c core/index/art_node.c,$(LIB_C))
LIBS   += -lart
else
LIB_C  := $(filter-out core/index/art_system.c,$(LIB_C))
endif
TEST_C := $(sort $(shell find tests -name 'test_*.c' 2>/dev/null))
SUPPORT_C := $(sort $(wildcard tests/support/*.c))
ORACLE_C := $(sort $(filter-out tests/oracle/test_%.c tests/oracle/check_%.c,$(wildcard tests/oracle/*.c)))

LIB_O  := $(LIB_C:%.c=$(BUILD)/%.o)
CLI_O  := $(CLI_C:%.c=$(BUILD)/%.o)
SUPPORT_O := $(SUPPORT_C:%.c=$(BUILD)/%.o)
ORACLE_O := $(ORACLE_C:%.c=$(BUILD)/%.o)
ORACLE_P := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/oracle/test_*.c tests/oracle/check_*.c))
TESTS  := $(TEST_C:%.c=$(BUILD)/%)
HAND_O := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/by_hand.c,$(sort $(wildcard bench/by_hand/*.c))))

.PHONY: all lots deps demo bench bench-scale bench-peers test check-all check-asan check-tsan check-full check-art check-fault check-damage check-fuzz check-random fuzz clean help install tests lint
.SECONDARY:
.DELETE_ON_ERROR:

all: lots
lots: $(BUILD)/lots

# Loops that the compiler should unroll and vectorise: gcc does so only at -O3.
HOT := $(if $(findstring -O2,$(CFLAGS)),-O3)
$(BUILD)/core/base/kernels%.o $(BUILD)/core/base/narrow.o $(BUILD)/core/codec/%.o $(BUILD)/query/exec/group_batch.o $(BUILD)/query/exec/key_code.o $(BUILD)/query/exec/key_fold.o: HOTTER := $(HOT)
$(BUILD)/core/store/segment_needs.o $(BUILD)/core/store/segment_offsets.o $(BUILD)/core/store/segment_places.o $(BUILD)/core/store/segment_read.o $(BUILD)/query/exec/days.o $(BUILD)/query/exec/eval_date.o $(BUILD)/query/exec/eval_logic.o $(BUILD)/query/exec/eval_number.o $(BUILD)/query/exec/each.o $(BUILD)/query/exec/each_within.o $(BUILD)/query/exec/taken.o $(BUILD)/query/exec/panel.o: HOTTER := $(HOT)
$(BUILD)/core/base/kernels_avx2.o:   KERNEL := -mavx2 -mbmi -mbmi2 -mpopcnt -mlzcnt
$(BUILD)/core/base/kernels_avx512.o: KERNEL := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512cd -mavx512vbmi2 -mavx512vpopcntdq -mbmi -mbmi2 -mpopcnt -mlzcnt

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(CFLAGS) $(HOTTER) $(KERNEL) -MMD -MP -c $< -o $@

# Files that are taken into the program (core/base/embed.h).
$(BUILD)/query/lang/library.o: $(sort $(wildcard query/std/*.lq))
$(BUILD)/query/lang/classification_builtin.o: $(sort $(wildcard query/std/classifications/*.csv))
$(BUILD)/ingest/map_builtin.o: $(sort $(wildcard ingest/maps/*.map))
$(BUILD)/ingest/synth_model_places.o $(BUILD)/ingest/synth_calibration.o $(BUILD)/ingest/synth_tables.o: $(sort $(wildcard ingest/synth/*.csv)) ingest/maps/synth.map
$(BUILD)/query/cli/manual.o: query/LANGUAGE.md

$(BUILD)/liblots.a: $(LIB_O)
	@rm -f $@
	ar crs $@ $^

$(BUILD)/lots: $(CLI_O) $(BUILD)/liblots.a
	$(CC) $(MODE) $(CFLAGS) $(CLI_O) $(BUILD)/liblots.a $(LDFLAGS) $(LIBS) -o $@

# What the tests are linked with: the archive, or (SHARED=1) one library all share. A program under a sanitizer takes
# 45 MB with the archive in it, and there are 150.
TESTED := $(BUILD)/liblots.$(if $(SHARED),so,a)
$(BUILD)/liblots.so: $(LIB_O)
	$(CC) $(MODE) $(CFLAGS) -shared $^ $(LDFLAGS) $(LIBS) -o $@
RUNS := $(if $(SHARED),-Xlinker -rpath -Xlinker $(abspath $(BUILD)))

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(SUPPORT_O) $(TESTED)
	@mkdir -p $(@D)
	$(CC) $(MODE) $(CFLAGS) $< $(SUPPORT_O) $(TESTED) $(LDFLAGS) $(RUNS) -lcmocka $(LIBS) -o $@

# What the scripts among the tests run.
FAULT_TOOLS := $(BUILD)/tests/fault/nth_call.so $(BUILD)/tests/fault/damage
# The second implementation of the language, and what asks both.
$(ORACLE_P): %: %.o $(ORACLE_O) $(SUPPORT_O) $(TESTED)
	$(CC) $(MODE) $(CFLAGS) $< $(ORACLE_O) $(SUPPORT_O) $(TESTED) $(LDFLAGS) $(RUNS) -lcmocka $(LIBS) -o $@

# The benchmark's loops by hand are asked by a test too.
$(BUILD)/tests/bench/test_%: $(BUILD)/tests/bench/test_%.o $(HAND_O) $(SUPPORT_O) $(TESTED)
	$(CC) $(MODE) $(CFLAGS) $< $(HAND_O) $(SUPPORT_O) $(TESTED) $(LDFLAGS) $(RUNS) -lcmocka $(LIBS) -o $@

tests: $(TESTS) $(FAULT_TOOLS)

# What is needed to build: Debian's names. `make deps` installs what is missing.
PACKAGES := pkg-config libsqlite3-dev libzstd-dev libxxhash-dev libinih-dev zlib1g-dev libutf8proc-dev libcmocka-dev sqlite3
deps:
	@sh tests/support/deps.sh $(PACKAGES)

# Who tries it wants the answers, soon: on all processors, without the compiler's lines.
EVERY := $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
demo: deps
	@[ -x $(BUILD)/lots ] || echo 'building $(BUILD)/lots: a minute or two'
	@$(MAKE) --no-print-directory -s $(EVERY) lots
	@sh query/examples/demo.sh $(BUILD) $(PEOPLE)

test: deps lint
	@$(MAKE) --no-print-directory lots tests
	@sh tests/support/run.sh $(BUILD)

# Lots, the loops by hand and the peers that `make bench-peers` installs, asked the same 28 questions: bench/METHOD.md.
SCALE ?= 20000
bench: deps
	@$(MAKE) --no-print-directory lots $(BUILD)/bench/lots_bench $(BUILD)/bench/by_hand/by_hand
	@node bench/run.mjs --build $(BUILD) --scale $(SCALE) $(BENCH)
# Lots alone on populations of growing size, 12 GB of room for SCALES=…,10000000.
SCALES ?= 100000,1000000
bench-scale: deps
	@$(MAKE) --no-print-directory lots $(BUILD)/bench/lots_bench
	@node bench/scale.mjs --build $(BUILD) --scales $(SCALES) $(BENCH)
bench-peers:
	@mkdir -p $(BUILD)/bench/peers
	npm install --no-audit --no-fund --prefix $(BUILD)/bench/peers @duckdb/node-api@1.5.6-r.1 chdb@3.4.0
$(BUILD)/bench/lots_bench: $(BUILD)/bench/lots_bench.o $(BUILD)/bench/serve.o $(BUILD)/liblots.a
	$(CC) $(MODE) $(CFLAGS) $^ $(LDFLAGS) $(LIBS) -o $@
# Loops are compiled for this very machine, as one would by hand.
$(HAND_O): HOTTER := $(HOT) -march=native
$(BUILD)/bench/by_hand/by_hand: $(BUILD)/bench/by_hand/by_hand.o $(BUILD)/bench/serve.o $(HAND_O) $(BUILD)/liblots.a
	$(CC) $(MODE) $(CFLAGS) $^ $(LDFLAGS) $(LIBS) -o $@

# The same tests under the sanitizers, each in a build folder of its own.
SANITIZE_FLAGS := -O1 -g -fno-omit-frame-pointer
ADDRESS := -fPIC -fsanitize=address,undefined -fno-sanitize-recover=all
check-asan: deps
	@$(MAKE) --no-print-directory lots tests SHARED=1 BUILD=build/asan CFLAGS="$(SANITIZE_FLAGS)" MODE="$(ADDRESS)" WERROR=-Werror
	@ASAN_OPTIONS=detect_leaks=1 sh tests/support/run.sh build/asan
check-tsan: deps
	@$(MAKE) --no-print-directory lots tests SHARED=1 BUILD=build/tsan CFLAGS="$(SANITIZE_FLAGS)" MODE="-fPIC -fsanitize=thread" WERROR=-Werror
	@TSAN_OPTIONS=halt_on_error=1 sh tests/support/run.sh build/tsan

# Everything that takes longer than `make test`: all sanitizers, full sizes, a kill at every write, damage to every byte, fuzzing.
check-all: test check-asan check-tsan check-full check-art check-fault check-damage check-fuzz check-random

# The tests that `make test` runs on less than they are meant for: very long queries, patients with very many events.
FULL := $(BUILD)/tests/query/exec/test_linear $(BUILD)/tests/query/lang/test_bind_hostile
check-full: deps
	@$(MAKE) --no-print-directory $(FULL)
	@for program in $(FULL); do LOTS_TEST_FULL=1 $$program || exit 1; done

# The tests of the tree over an installed libart (LIBART=system), where there is one: Debian has no package of it.
ART_TESTS := test_art test_code_form test_codes test_codes_arena test_codes_image test_codes_nearest
check-art: deps
	@if ! printf '#include <art.h>\nint main(void) { art_tree t; return art_tree_init(&t); }\n' | \
	    $(CC) $(CFLAGS) -x c - $(LDFLAGS) -lart -o /dev/null 2>/dev/null; then echo 'skip: no libart (github.com/armon/libart) is installed'; else \
	    $(MAKE) --no-print-directory $(ART_TESTS:%=build/art/tests/core/index/%) BUILD=build/art LIBART=system WERROR=-Werror && \
	    for name in $(ART_TESTS); do build/art/tests/core/index/$$name || exit 1; done; fi

# Fail or kill the loader at each of its file system calls in turn: the registry must be the old or the new one.
check-fault: deps
	@$(MAKE) --no-print-directory lots $(BUILD)/tests/fault/nth_call.so $(BUILD)/tests/fault/two_versions
	@bash tests/fault/self_test.sh $(BUILD)/tests/fault/nth_call.so $(BUILD)/tests/fault/two_versions
	@bash tests/fault/run.sh $(BUILD)

# Change each byte of a small registry and cut its files at each length: reported, or without effect (some minutes).
check-damage: deps
	@$(MAKE) --no-print-directory lots $(BUILD)/tests/fault/damage
	@bash tests/fault/damage.sh $(BUILD)

$(BUILD)/tests/fault/nth_call.so: tests/fault/nth_call.c tests/fault/power_cut.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(CFLAGS) -fPIC -shared $^ -o $@ -ldl -lpthread
$(BUILD)/tests/fault/damage: $(BUILD)/tests/fault/damage.o $(CLI_O) $(BUILD)/liblots.a
	$(CC) $(MODE) $(CFLAGS) $< $(filter-out %/main.o,$(CLI_O)) $(BUILD)/liblots.a $(LDFLAGS) $(LIBS) -o $@
$(BUILD)/tests/fault/two_versions: tests/fault/two_versions.c $(BUILD)/liblots.a
	@mkdir -p $(@D)
	$(CC) $(OURS) $(CFLAGS) $< $(BUILD)/liblots.a $(LDFLAGS) $(LIBS) -o $@

# Random queries over random registries: the engine's answers and those of the naive implementation must be the same.
check-random: deps
	@$(MAKE) --no-print-directory $(BUILD)/tests/oracle/check_random
	@$(BUILD)/tests/oracle/check_random --queries 3000

# The parsers of queries and of CSV: `make check-fuzz` replays the seeds, `make fuzz SECONDS=600` looks for new ones (clang).
FUZZERS := query csv
SECONDS ?= 600
check-fuzz: deps
	@$(MAKE) --no-print-directory $(FUZZERS:%=build/asan/tests/fuzz/replay_%) BUILD=build/asan CFLAGS="$(SANITIZE_FLAGS)" MODE="$(ADDRESS)" WERROR=-Werror
	@for name in $(FUZZERS); do build/asan/tests/fuzz/replay_$$name tests/fuzz/corpus/$$name/* || exit 1; done
$(BUILD)/tests/fuzz/replay_%: tests/fuzz/fuzz_%.c $(BUILD)/liblots.a
	@mkdir -p $(@D)
	$(CC) $(OURS) -DLOTS_FUZZ_MAIN $(CFLAGS) $< $(BUILD)/liblots.a $(LDFLAGS) $(LIBS) -o $@
fuzz: deps
	@$(MAKE) --no-print-directory $(FUZZERS:%=build/fuzz/tests/fuzz/fuzz_%) BUILD=build/fuzz CC=clang CFLAGS="-O1 -g" MODE="-fsanitize=fuzzer-no-link,address,undefined"
	@for name in $(FUZZERS); do \
	    mkdir -p build/fuzz/corpus/$$name && build/fuzz/tests/fuzz/fuzz_$$name -max_total_time=$(SECONDS) -timeout=25 -rss_limit_mb=4096 \
	    -artifact_prefix=build/fuzz/ build/fuzz/corpus/$$name tests/fuzz/corpus/$$name || exit 1; done
$(BUILD)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/liblots.a
	@mkdir -p $(@D)
	$(CC) $(OURS) -fsanitize=fuzzer $(CFLAGS) $< $(BUILD)/liblots.a $(LDFLAGS) $(LIBS) -o $@

# What no compiler says: includes go one way, raw malloc has one door, one file's worth of files speaks to SQLite.
lint:
	@sh tests/support/lint.sh

install: lots
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/share/lots/maps $(DESTDIR)$(prefix)/share/lots/examples
	install -m 755 $(BUILD)/lots $(DESTDIR)$(prefix)/bin/lots
	install -m 644 ingest/maps/*.map $(DESTDIR)$(prefix)/share/lots/maps
	install -m 644 query/examples/*.lq $(DESTDIR)$(prefix)/share/lots/examples

help:
	@echo 'make             build build/lots'
	@echo 'make deps        install the Debian packages that are missing'
	@echo 'make demo        make a population of 100,000 and answer three questions; PEOPLE=1000000 for more'
	@echo 'make test        build and run the tests (about two minutes)'
	@echo 'make bench       ask the benchmark; SCALE=1000000 people, BENCH="--repeat 9 --only 05"'
	@echo 'make bench-scale the same questions on SCALES=100000,1000000 people, Lots alone'
	@echo 'make bench-peers install DuckDB and ClickHouse into the build folder, from npm'
	@echo 'make check-all   the tests under the sanitizers, fault injection, damage, fuzz replay (long)'
	@echo 'make install     install into $$(DESTDIR)$$(prefix)'
	@echo 'make clean       remove the build folder'
	@echo
	@echo 'CC, CFLAGS, LDFLAGS, DESTDIR and prefix are yours. LIBART=system links an installed libart.'

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
