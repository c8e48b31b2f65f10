// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's face: /sys/kernel/debug/faultdeck/. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "arch.h"
#include "debugfs.h"
#include "events.h"
#include "hooks.h"
#include "kin.h"
#include "names.h"
#include "rules.h"
#include "targets.h"

/* The last refused command. */
struct refusal {
	unsigned long count;
	int tgid;
	size_t len;
	char line[FDK_LINE_MAX];
	struct fdk_err e;
};

static struct dentry *dir;
static DEFINE_MUTEX(refusal_lock);
static struct refusal refusal;

static int version_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "faultdeck %s abi %d %s\n", FDK_VERSION, FDK_ABI, fdk_arch_name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(version);

static void show_names(struct seq_file *m, unsigned int bits, const char *const *names)
{
	const char *comma = "";

	for (unsigned int i = 0; bits >> i; i++) {
		if (!(bits >> i & 1))
			continue;
		seq_printf(m, "%s%s", comma, names[i]);
		comma = ",";
	}
	seq_puts(m, "\t");
}

static void show_values(struct seq_file *m, const struct fdk_point *point)
{
	const unsigned short *errnos = point->errnos;
	const struct fdk_name *code = point->codes;
	const char *comma = "";

	for (; errnos && *errnos; errnos++, comma = ",")
		seq_printf(m, "%s%s", comma, fdk_name_of(fdk_errnos, *errnos)->name);
	for (; code && code->name; code++, comma = ",")
		seq_printf(m, "%s%s", comma, code->name);
	seq_puts(m, point->result == FDK_RESULT_NUMBER ? ",NUMBER\t" : "\t");
}

static void show_point(struct seq_file *m, const struct fdk_point *point, const char *off)
{
	const struct fdk_hook *hook = fdk_hook_of(point);

	seq_printf(m, "%s\t%s\t", point->name, hook->from ? hook->from->symbol : "-");
	if (hook->from && !off)
		seq_puts(m, "ready\t");
	else
		seq_printf(m, "unavailable: %s\t", hook->from ? off : hook->reason);
	show_names(m, point->actions, fdk_action_forms);
	show_values(m, point);
	show_names(m, FDK_KEYS_COMMON | point->keys, fdk_key_names);
	seq_printf(m, "%s\t%s\n", point->value, point->danger);
}

static int points_show(struct seq_file *m, void *unused)
{
	const char *off = fdk_hooks_off();

	seq_puts(m, "# name\tsymbol\tstate\tactions\tvalues\tkeys\tmeaning\tdanger\n");
	for (unsigned int i = 0; i < fdk_points_n; i++)
		show_point(m, &fdk_points[i], off);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(points);

static void *rules_start(struct seq_file *m, loff_t *pos)
{
	m->private = fdk_rules_lock();
	return seq_list_start_head(m->private, *pos);
}

static void *rules_next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, m->private, pos);
}

static void rules_stop(struct seq_file *m, void *v)
{
	fdk_rules_unlock();
}

static void show_rule(struct seq_file *m, const struct fdk_rule *rule)
{
	static char line[2 * FDK_LINE_MAX]; /* with all defaults; under the rules' lock */
	struct fdk_text t = { line, sizeof(line), 0 };
	struct fdk_counts c = fdk_rule_counts(rule);

	fdk_spec_print(&rule->spec, &t);
	seq_printf(m,
		   "%s calls=%llu matched=%llu injected=%llu missed=%lu left_ms=%lld target=%s "
		   "hooked=%d",
		   line, c.calls, c.matched, c.injected,
		   fdk_hook_missed(fdk_hook_of(rule->spec.point)) - rule->missed0,
		   fdk_rule_left_ms(rule), fdk_targets_state(rule, c.calls),
		   fdk_hook_live(fdk_hook_of(rule->spec.point)));
	if (rule->kin)
		seq_printf(m, " lost=%lu", fdk_kin_lost(rule->kin));
	if (c.declined)
		seq_printf(m, " declined=%llu", c.declined);
	seq_puts(m, "\n");
}

static int rules_show(struct seq_file *m, void *v)
{
	if (v == m->private)
		seq_puts(m, "# as armed, then counters, time left and the target\n");
	else
		show_rule(m, list_entry(v, struct fdk_rule, list));
	return 0;
}

static const struct seq_operations rules_sops = {
	.start = rules_start,
	.next = rules_next,
	.stop = rules_stop,
	.show = rules_show,
};

DEFINE_SEQ_ATTRIBUTE(rules);

static void refusal_note(const char *line, size_t len, const struct fdk_err *e)
{
	mutex_lock(&refusal_lock);
	refusal.count++;
	refusal.tgid = current->tgid;
	refusal.len = min_t(size_t, len, FDK_LINE_MAX);
	memcpy(refusal.line, line, refusal.len);
	refusal.e = *e;
	mutex_unlock(&refusal_lock);
}

/* The command, with all that is not printable as \xHH; the caret under the byte at fault. */
static void show_refused(struct seq_file *m)
{
	unsigned int caret = 0;

	for (size_t i = 0; i < refusal.len; i++) {
		char c = refusal.line[i];
		bool plain = c >= ' ' && c <= '~';

		seq_printf(m, plain ? "%c" : "\\x%02x", (unsigned char)c);
		if (i < refusal.e.col)
			caret += plain ? 1 : 4;
	}
	seq_printf(m, "\n%*s^\n", caret, "");
}

static int error_show(struct seq_file *m, void *unused)
{
	const struct fdk_name *name;

	mutex_lock(&refusal_lock);
	seq_printf(m, "# refused=%lu tgid=%d\n", refusal.count, refusal.tgid);
	if (refusal.count) {
		name = fdk_name_of(fdk_errnos, refusal.e.err);
		show_refused(m);
		seq_printf(m, "%s: %s\n", name ? name->name : "error", refusal.e.why);
	}
	mutex_unlock(&refusal_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(error);

static int do_command(const char *line, size_t len, struct fdk_err *e)
{
	struct fdk_spec *spec = kmalloc(sizeof(*spec), GFP_KERNEL);
	int rc;

	if (!spec)
		return fdk_refuse(e, ENOMEM, 0, "out of memory");
	rc = fdk_parse(line, len, spec, e);
	if (!rc)
		rc = fdk_rules_command(spec, e);
	kfree(spec);
	return rc;
}

/* One write is one command. A longer one is refused by its length, its start is kept to be shown.
 */
static ssize_t control_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	size_t len = min_t(size_t, count, FDK_LINE_MAX + 2);
	char *line = memdup_user_nul(buf, len);
	struct fdk_err e = {};
	int rc;

	if (IS_ERR(line))
		return PTR_ERR(line);
	rc = do_command(line, len, &e);
	if (rc) {
		if (len && line[len - 1] == '\n')
			len--;
		refusal_note(line, len, &e);
	}
	kfree(line);
	return rc ? rc : (ssize_t)count;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = control_write,
};

int fdk_debugfs_start(void)
{
	dir = debugfs_create_dir(FDK_DIR, NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	d_inode(dir)->i_mode = S_IFDIR | 0700;
	debugfs_create_file(FDK_FILE_VERSION, 0600, dir, NULL, &version_fops);
	debugfs_create_file(FDK_FILE_POINTS, 0600, dir, NULL, &points_fops);
	debugfs_create_file(FDK_FILE_CONTROL, 0600, dir, NULL, &control_fops);
	debugfs_create_file(FDK_FILE_RULES, 0600, dir, NULL, &rules_fops);
	debugfs_create_file(FDK_FILE_EVENTS, 0600, dir, NULL, &fdk_events_fops);
	debugfs_create_file(FDK_FILE_ERROR, 0600, dir, NULL, &error_fops);
	return 0;
}

void fdk_debugfs_stop(void)
{
	debugfs_remove_recursive(dir);
}
