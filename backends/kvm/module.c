// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations on a KVM host: check, points, and the module itself. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kvm.h"

#define MODULE_MAX (8u << 20)

static const char check_sh[] =
#include "kvm/check.sh.inc"
	;
static const char module_sh[] =
#include "kvm/check.sh.inc"
#include "kvm/module.sh.inc"
	;

/* The first line that begins with "fail" is the error; all of them are shown. */
static int op_check(const struct op_ctx *c, struct err *e)
{
	size_t from = c->out->len;
	int r = operate_script(c, check_sh, "kvm_check", 10000, e);
	const char *fail = r ? NULL : strstr(buf_text(c->out) + from, "fail ");

	if (!fail)
		return r;
	return err_set(e, -ENOTSUP, "%.*s", (int)strcspn(fail + 5, "\n"), fail + 5);
}

static int op_points(const struct op_ctx *c, struct err *e)
{
	return operate_script(
		c, module_sh,
		"[ -r $KVM_MODULE/points ] || refuse 'ENOENT the module is not loaded' "
		"'faultdeck --batch module load NODE'; cat $KVM_MODULE/points",
		10000, e);
}

static int op_status(const struct op_ctx *c, struct err *e)
{
	return operate_script(c, module_sh, "module_status", 10000, e);
}

static int op_unload(const struct op_ctx *c, struct err *e)
{
	return operate_script(c, module_sh, "module_unload", 20000, e);
}

/* ---- building ---- */

/* The module's sources: beside the binary in a work tree, else where they were installed. */
static int source_dir(char *dst, size_t n, struct err *e)
{
	char exe[PATH_MAX - 32], file[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[len < 0 ? 0 : len] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	snprintf(dst, n, "%s/../kmod", exe);
	snprintf(file, sizeof(file), "%s/../kmod/Kbuild", exe);
	if (access(file, R_OK) == 0)
		return 0;
	snprintf(dst, n, FAULTDECK_SHARE "/kmod");
	if (access(FAULTDECK_SHARE "/kmod/Kbuild", R_OK) == 0)
		return 0;
	return err_set(e, -ENOENT, "the module's sources are neither in %s/../kmod nor in %s", exe,
		       FAULTDECK_SHARE "/kmod");
}

/* Runs CMD on the operator's machine. */
static int run_here(const char *cmd, int timeout_ms, struct buf *out, struct buf *errout,
		    struct err *e)
{
	struct transport_cmd c = { .cmd = cmd, .timeout_ms = timeout_ms };
	struct transport *t = NULL;
	int status = 0, r = transport_local(&t, e);

	if (!r)
		r = transport_run(t, &c, out, errout, &status, e);
	transport_close(t);
	if (!r && status)
		r = err_set(e, -EIO, "%.400s", buf_text(errout));
	return r;
}

static int pack_sources(const char *dir, struct buf *tar, struct err *e)
{
	struct buf cmd = BUF_INIT(8192), errout = BUF_INIT(4096);
	int r;

	buf_str(&cmd, "cd ");
	buf_shell(&cmd, dir);
	buf_str(&cmd, " && tar -cf - Makefile Kbuild *.c *.h");
	r = run_here(buf_text(&cmd), 10000, tar, &errout, e);
	buf_free(&cmd);
	buf_free(&errout);
	return r;
}

/* Everything in one round trip: the script is an argument, the sources are its input. */
static int build_there(const struct op_ctx *c, const struct buf *tar, struct err *e)
{
	struct buf body = BUF_INIT(64u << 10), cmd = BUF_INIT(128u << 10);
	struct transport_cmd t = { .in = tar->data, .in_len = tar->len, .timeout_ms = 300000 };
	int r;

	buf_str(&body, module_sh);
	buf_str(&body, "d=$(mktemp -d /run/faultdeck-build.XXXXXX) && trap 'rm -rf \"$d\"' EXIT && "
		       "tar -xf - -C \"$d\" && module_build \"$d\"\n");
	buf_str(&cmd, "s=; [ \"$(id -u)\" = 0 ] || s='sudo -n'; exec $s sh -c ");
	buf_shell(&cmd, buf_text(&body));
	t.cmd = buf_text(&cmd);
	r = body.broken || cmd.broken ? err_set(e, -ENOMEM, "out of memory")
				      : operate_cmd(c, &t, e);
	buf_free(&body);
	buf_free(&cmd);
	return r;
}

/* Where a module that was built here is kept for the kernel of a node. */
static void cache_file(const char *kver, char *dst, size_t n)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		snprintf(dst, n, "%s/faultdeck/%s.ko", xdg, kver);
	else
		snprintf(dst, n, "%s/.cache/faultdeck/%s.ko", home ? home : "", kver);
}

static const char here_sh[] =
	"h=${KHEADERS:-}\n"
	"for d in \"/lib/modules/$KVER/build\" \"/usr/src/linux-headers-$KVER\"; do\n"
	"	[ -n \"$h\" ] || [ ! -e \"$d/Makefile\" ] || h=$d\n"
	"done\n"
	"[ -n \"$h\" ] || { echo \"no headers of $KVER here either: install "
	"linux-headers-$KVER here or on the node, or name their directory by KHEADERS=\" >&2; exit "
	"1; }\n"
	"a=$ARCH x=\n"
	"case $a in aarch64) a=arm64; [ \"$(uname -m)\" = aarch64 ] || x=aarch64-linux-gnu- ;;\n"
	"x86_64) [ \"$(uname -m)\" = x86_64 ] || x=x86_64-linux-gnu- ;; esac\n"
	"t=$(mktemp -d) && trap 'rm -rf \"$t\"' EXIT && cp \"$SRC\"/Makefile \"$SRC\"/Kbuild "
	"\"$SRC\"/*.c \"$SRC\"/*.h \"$t\" &&\n"
	"make -C \"$t\" KHEADERS=\"$h\" ARCH=$a CROSS_COMPILE=$x >\"$t/log\" 2>&1 || "
	"{ tail -n 5 \"$t/log\" >&2; exit 1; }\n"
	"mkdir -p \"${KO%/*}\" && mv -f \"$t/faultdeck.ko\" \"$KO\" && echo \"built $KO against "
	"$h\"\n";

static int uname_of(const struct op_ctx *c, char *kver, char *arch, size_t n, struct err *e)
{
	struct transport_cmd cmd = { .cmd = "uname -rm" };
	struct buf out = BUF_INIT(1024);
	int status, r = transport_run(c->transport, &cmd, &out, NULL, &status, e);
	char line[256], *space;

	text_clean(line, sizeof(line), buf_text(&out));
	buf_free(&out);
	space = strchr(line, ' ');
	if (r)
		return r;
	if (!space || strchr(line, '/'))
		return err_set(e, -EPROTO, "uname says '%s'", line);
	*space = '\0';
	snprintf(kver, n, "%s", line);
	snprintf(arch, n, "%.*s", (int)strcspn(space + 1, " "), space + 1);
	return 0;
}

static int build_here(const struct op_ctx *c, const char *src, struct err *e)
{
	char kver[128], arch[128], ko[PATH_MAX];
	struct buf cmd = BUF_INIT(16384), out = BUF_INIT(16384), errout = BUF_INIT(16384);
	const char *const names[] = { "KVER", "ARCH", "SRC", "KO" };
	const char *const values[] = { kver, arch, src, ko };
	int r = uname_of(c, kver, arch, sizeof(kver), e);

	if (r)
		return r;
	cache_file(kver, ko, sizeof(ko));
	for (size_t i = 0; i < 4; i++) {
		buf_fmt(&cmd, "%s=", names[i]);
		buf_shell(&cmd, values[i]);
		buf_str(&cmd, "\n");
	}
	buf_str(&cmd, here_sh);
	r = run_here(buf_text(&cmd), 300000, &out, &errout, e);
	if (!r && out.data)
		r = operate_lines(out.data, c->out, e);
	buf_free(&cmd);
	buf_free(&out);
	buf_free(&errout);
	return r;
}

static int op_build(const struct op_ctx *c, struct err *e)
{
	struct buf tar = BUF_INIT(MODULE_MAX);
	char src[PATH_MAX];
	int r = source_dir(src, sizeof(src), e);

	if (!r)
		r = pack_sources(src, &tar, e);
	if (!r)
		r = build_there(c, &tar, e);
	buf_free(&tar);
	if (r != -ENOENT)
		return r;
	buf_fmt(c->out, "not built on the node: %s\n", e->msg);
	return build_here(c, src, e);
}

/* Sends the module that was built here, if the node has none and there is one for its kernel. */
static int send_module(const struct op_ctx *c, struct err *e)
{
	struct transport_cmd t = { .cmd = OPERATE_AS_ROOT("sh -c \"cat >/run/faultdeck.ko\""),
				   .timeout_ms = 60000 };
	char kver[128], arch[128], ko[PATH_MAX];
	struct buf file = BUF_INIT(MODULE_MAX), cmd = BUF_INIT(8192), errout = BUF_INIT(1024);
	int status, r = uname_of(c, kver, arch, sizeof(kver), e);

	cache_file(r ? "" : kver, ko, sizeof(ko));
	if (r || access(ko, R_OK))
		return r;
	buf_str(&cmd, "cat ");
	buf_shell(&cmd, ko);
	r = run_here(buf_text(&cmd), 10000, &file, &errout, e);
	t.in = file.data;
	t.in_len = file.len;
	if (!r)
		r = transport_run(c->transport, &t, NULL, NULL, &status, e);
	buf_free(&file);
	buf_free(&cmd);
	buf_free(&errout);
	return r;
}

/* module_load with the functions that cluster.cfg names: "point:function,…" */
static int load(const struct op_ctx *c, struct err *e)
{
	struct buf names = BUF_INIT(4096), call = BUF_INIT(8192);
	int r;

	for (size_t i = 0; i < c->node->nsymbols; i++)
		buf_fmt(&names, "%s%s:%s", i ? "," : "", c->node->symbols[i].point,
			c->node->symbols[i].function);
	buf_str(&call, "module_load ");
	buf_shell(&call, buf_text(&names));
	r = names.broken || call.broken ? err_set(e, -E2BIG, "%s: too many symbols", c->node->name)
					: operate_script(c, module_sh, buf_text(&call), 30000, e);
	buf_free(&names);
	buf_free(&call);
	return r;
}

static int op_load(const struct op_ctx *c, struct err *e)
{
	int r = load(c, e);

	if (r != -ENOENT)
		return r;
	r = send_module(c, e);
	return r ? r : load(c, e);
}

#define OP(v, w, h, t, c, r)                                                                       \
	{                                                                                          \
		.verb = v, .word = w, .help = h, .timeout_ms = t, .changes = c, .run = r           \
	}
const struct operation kvm_operations[KVM_OPERATIONS] = {
	OP("check", NULL, "what the node has and lacks", 20000, false, op_check),
	OP("points", NULL, "the places in this kernel that the module can hook", 20000, false,
	   op_points),
	OP("module", "status", "is the module loaded, and what is armed", 20000, false, op_status),
	OP("module", "build", "build it on the node, or here for the node's kernel", 600000, true,
	   op_build),
	OP("module", "load", "load it", 90000, true, op_load),
	OP("module", "unload", "unload it; refused while rules are armed", 30000, true, op_unload),
};
