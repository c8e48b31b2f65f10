// SPDX-License-Identifier: GPL-2.0-or-later
/* cluster …: the words of the original tool's script. Each stands for one of `hadoop`, or for
 * status. */
#include <stdio.h>
#include <string.h>

#include "verb.h"

static const struct {
	const char *word, *is;
} words_of[] = {
	{ "start", "start" },
	{ "stop", "stop" },
	{ "test", "test" },
	{ "inject-delay", "delay" },
	{ "clear-delay", "delay-clear" },
	{ "inject-network", "network" },
	{ "clear-network", "network-clear" },
};

int verb_cluster(struct batch *b, char **words, int n)
{
	char hadoop[] = "hadoop", word[32], status[] = "status", *argv[WORDS_MAX + 2];

	if (strcmp(words[1], status) == 0) {
		char *only[] = { status, NULL };

		return n == 2 ? verb_status(b, only, 1) : batch_usage(b, "cluster status");
	}
	if (n > WORDS_MAX)
		return batch_usage(b, "more than %d words", WORDS_MAX);
	for (size_t i = 0; i < sizeof(words_of) / sizeof(*words_of); i++) {
		if (strcmp(words[1], words_of[i].word) != 0)
			continue;
		snprintf(word, sizeof(word), "%s", words_of[i].is);
		memcpy(argv, words, ((size_t)n + 1) * sizeof(*argv)); /* with the NULL */
		argv[0] = hadoop;
		argv[1] = word;
		return verb_backend(b, argv, n);
	}
	return batch_usage(b, "cluster %s: no such word", words[1]);
}
