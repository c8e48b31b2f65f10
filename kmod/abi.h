/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of faultdeck.ko's control language. Shared by the module, the console and the tests;
 * nothing here needs the kernel or libc. Raise FDK_ABI when a reader of the old files would be
 * wrong about the new ones; a new point, key or column at the end of a line does not raise it.
 */
#ifndef FAULTDECK_ABI_H
#define FAULTDECK_ABI_H

#define FDK_ABI     1
#define FDK_VERSION "0.1"

/* Below the debugfs mount, normally /sys/kernel/debug. */
#define FDK_DIR          "faultdeck"
#define FDK_FILE_VERSION "version"
#define FDK_FILE_POINTS  "points"
#define FDK_FILE_CONTROL "control"
#define FDK_FILE_RULES   "rules"
#define FDK_FILE_EVENTS  "events"
#define FDK_FILE_ERROR   "error"

#define FDK_ID_MAX   31   /* bytes of an id: [A-Za-z0-9_-]{1,31} */
#define FDK_COMM_MAX 15   /* bytes of a task's name, as the kernel keeps it */
#define FDK_LINE_MAX 1024 /* bytes of one command, its newline not counted */
#define FDK_CMDS_MAX 16   /* ioctl numbers in one cmd= list */

#define FDK_RULES_MAX     1024       /* armed at a time */
#define FDK_KIN_MAX       256        /* living children that one inherit=1 rule can follow */
#define FDK_EVENTS_MAX    4096       /* kept for readers; older ones are overwritten and counted */
#define FDK_TTL_MAX_MS    86400000LL /* one day; there is no endless rule */
#define FDK_PID_MAX       4194304LL  /* the kernel's PID_MAX_LIMIT on 64 bits */
#define FDK_COUNT_MAX     1000000000LL /* interval and times */
#define FDK_SPACE_MAX     (1LL << 60)  /* bytes or calls that pass first */
#define FDK_RANGE_MAX     (~0ULL >> 1) /* the highest number of a range */
#define FDK_EXT_MAX       0x7fffffffLL
#define FDK_VCPU_MAX      4095LL
#define FDK_PATH_MAX      511 /* bytes of a path prefix */
#define FDK_HELD_MAX      256 /* pages that rules of one point keep alive at a time */
#define FDK_TIMES_ENDLESS -1  /* until the TTL */

/* Verbs of `control`. */
#define FDK_VERBS(X)                                                                               \
	X(ARM, "arm")                                                                              \
	X(RENEW, "renew")                                                                          \
	X(DISARM, "disarm")

/* Keys of a command, in the order in which `rules` prints them. */
#define FDK_KEYS(X)                                                                                \
	X(ID, "id")                                                                                \
	X(POINT, "point")                                                                          \
	X(TGID, "tgid")                                                                            \
	X(TID, "tid")                                                                              \
	X(COMM, "comm")                                                                            \
	X(INHERIT, "inherit")                                                                      \
	X(CMD, "cmd")                                                                              \
	X(EXT, "ext")                                                                              \
	X(FILES, "files")                                                                          \
	X(PATH, "path")                                                                            \
	X(RANGE, "range")                                                                          \
	X(VCPU, "vcpu")                                                                            \
	X(ACTION, "action")                                                                        \
	X(PROBABILITY, "probability")                                                              \
	X(INTERVAL, "interval")                                                                    \
	X(TIMES, "times")                                                                          \
	X(SPACE, "space")                                                                          \
	X(TTL_MS, "ttl_ms")

/* Kinds of action, and how they are written. A point says which ones it takes; no point takes both
 * that are called clear. */
#define FDK_ACTIONS(X)                                                                             \
	X(RETURN, "return", "return:VALUE") /* the body is skipped, the caller gets VALUE */       \
	X(AFTER, "after", "after:VALUE")    /* the body ran, the caller gets VALUE */              \
	X(SHORT, "short", "short:BYTES")    /* the body is asked for no more than that */          \
	X(SKIP, "skip", "skip")             /* the body does not run */                            \
	X(FLIP, "flip", "flip:REG:BIT")     /* the bit is turned over */                           \
	X(SET, "set", "set:REG:VALUE")                                                             \
	X(XOR, "xor", "xor:REG:MASK")       /* the mask's bits are turned over */                  \
	X(OR, "or", "or:REG:MASK")          /* they become 1 */                                    \
	X(CLEAR, "clear", "clear:REG:MASK") /* they become 0 */                                    \
	X(FREEZE, "freeze", "freeze:REG")   /* what was first asked for is always the answer */    \
	X(HIDE, "clear", "clear:share=PERCENT") /* of the pages, always the same ones */

#define FDK_ENUM_VERB(sym, name)         FDK_VERB_##sym,
#define FDK_ENUM_KEY(sym, name)          FDK_KEY_##sym,
#define FDK_ENUM_ACTION(sym, name, form) FDK_ACT_##sym,

enum fdk_verb { FDK_VERBS(FDK_ENUM_VERB) FDK_VERB_N };
enum fdk_key { FDK_KEYS(FDK_ENUM_KEY) FDK_KEY_N };
enum fdk_act { FDK_ACTIONS(FDK_ENUM_ACTION) FDK_ACT_N };

#define FDK_BIT(n) (1U << (n))

#endif
