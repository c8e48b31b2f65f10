// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer on the module's control language: what the parser takes is printed, taken again, and
 * printed the same; what it refuses has an errno and a caret within the line. Gate and filter see
 * each rule as well.
 */
#include <stdint.h>
#include <stdlib.h>

#include "filters.c"
#include "gate.c"
#include "names.c"
#include "parse.c"
#include "parse_action.c"
#include "points.c"
#include "print.c"
#include "regs.c"
#include "words.c"

const char *fdk_call_path(const struct fdk_call *call)
{
	return call->obj;
}

static unsigned int draw(void)
{
	return 7;
}

static void use(const struct fdk_spec *spec)
{
	const struct fdk_call call = {
		.kind = FDK_KIND_DISK, .at = 4096, .len = 512, .cost = 512, .obj = "/x"
	};
	struct fdk_gate gate;

	fdk_gate_init(&gate, &spec->gate);
	if (fdk_fits(spec, &call))
		fdk_gate_pass(&gate, call.cost, draw);
	fdk_reg_apply(&spec->action, 0x12345678);
}

/* The text of a rule that was taken. */
static size_t print(const struct fdk_spec *spec, char *buf, size_t size)
{
	struct fdk_text t = { buf, size, 0 };

	fdk_text_add(&t, "arm ");
	fdk_spec_print(spec, &t);
	return t.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[2 * FDK_LINE_MAX], again[2 * FDK_LINE_MAX];
	struct fdk_spec spec;
	struct fdk_err e = { 0 };
	size_t n;

	if (fdk_parse((const char *)data, size, &spec, &e)) {
		if (e.err <= 0 || e.col > FDK_LINE_MAX || !e.why[0] ||
		    !fdk_name_of(fdk_errnos, (unsigned int)e.err))
			abort();
		return 0;
	}
	if (spec.verb != FDK_VERB_ARM)
		return 0;
	use(&spec);
	n = print(&spec, first, sizeof(first));
	if (n > FDK_LINE_MAX)
		return 0; /* with its defaults it is longer than a command may be */
	if (fdk_parse(first, n, &spec, &e) || print(&spec, again, sizeof(again)) != n ||
	    memcmp(first, again, n))
		abort();
	return 0;
}
