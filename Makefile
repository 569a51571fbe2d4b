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

LIB_O  := $(LIB_C:%.c=$(BUILD)/%.o)
CLI_O  := $(CLI_C:%.c=$(BUILD)/%.o)
SUPPORT_O := $(SUPPORT_C:%.c=$(BUILD)/%.o)
TESTS  := $(TEST_C:%.c=$(BUILD)/%)

.PHONY: all lots deps demo test check-all check-asan check-tsan clean help install tests lint
.SECONDARY:
.DELETE_ON_ERROR:

all: lots
lots: $(BUILD)/lots

$(BUILD)/core/base/kernels_avx2.o:   KERNEL := -mavx2 -mbmi -mbmi2 -mpopcnt -mlzcnt
$(BUILD)/core/base/kernels_avx512.o: KERNEL := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512cd -mavx512vbmi2 -mbmi -mbmi2 -mpopcnt -mlzcnt

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(OURS) $(CFLAGS) $(KERNEL) -MMD -MP -c $< -o $@

$(BUILD)/liblots.a: $(LIB_O)
	@rm -f $@
	ar crs $@ $(LIB_O)

$(BUILD)/lots: $(CLI_O) $(BUILD)/liblots.a
	$(CC) $(MODE) $(CFLAGS) $(CLI_O) $(BUILD)/liblots.a $(LDFLAGS) $(LIBS) -o $@

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(SUPPORT_O) $(BUILD)/liblots.a
	@mkdir -p $(@D)
	$(CC) $(MODE) $(CFLAGS) $< $(SUPPORT_O) $(BUILD)/liblots.a $(LDFLAGS) -lcmocka $(LIBS) -o $@

tests: $(TESTS)

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
