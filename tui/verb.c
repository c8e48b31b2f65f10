// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "verb.h"

const struct verb verbs[] = {
	{ "status", "status", "nodes, VMs, services and active injections", VERB_READS, 0, 0, 0,
	  verb_status },
	{ "list",
	  "list nodes|vms|services|links|faults [TARGET]|points [NODE]|injections|scenarios",
	  "one kind of thing; faults with TARGET: which fit it, and why not", VERB_READS, 0, 1, 2,
	  verb_list },
	{ "show", "show TARGET",
	  "everything that is known of one target: figures, facts, probes, injections", VERB_READS,
	  0, 1, 1, verb_show },
	{ "log", "log", "the operator's journal: the last 200 transitions of injections",
	  VERB_READS, 0, 0, 0, verb_log },
	{ "inject", "inject FAULT TARGET… [k=v]… [--wait]",
	  "break it: prints the plan; with --yes, injects and waits until the fault is active",
	  VERB_INJECTS, OPT_WAIT, 2, -1, verb_inject },
	{ "restore", "restore ID…|--all [--force]", "put back; --all asks every node what is there",
	  VERB_RESTORES, OPT_ALL | OPT_FORCE, 0, -1, verb_restore },
	{ "renew", "renew ID… [--ttl D]", "start the TTL of an injection anew", VERB_RESTORES, 0, 1,
	  -1, verb_renew },
	{ "check", "check [NODE…]", "what is missing on a node before a fault can work there",
	  VERB_READS, 0, 0, -1, verb_check },
	{ "module", "module build|load|unload|status NODE…", "the kernel module on a node",
	  VERB_OPERATES, 0, 2, -1, verb_module },
	{ "events", "events [--follow]", "what the modules changed, as it happens", VERB_READS,
	  OPT_FOLLOW, 0, 0, verb_events },
	{ "run", "run SCENARIO [NAME=VALUE]… [seed=N] [--report DIR]",
	  "break it in steps, watch, restore all, report: prints the plan; with --yes, runs it",
	  VERB_INJECTS, OPT_REPORT, 1, -1, verb_run_scenario },
	{ "kvm", "kvm list | kvm FAULT TARGET… [k=v]…", "short for list vms and inject kvm.FAULT",
	  VERB_INJECTS, OPT_WAIT, 1, -1, verb_backend },
	{ "hadoop",
	  "hadoop list|crash C|hang C|resume C|network IP|network-clear IP|hdfs-safe enter|leave|"
	  "yarn-health fail|ok|delay D|delay-clear|start|stop|test [mr]|yarn-refresh",
	  "C is nn dn rm nm snn jhs, with @NODE or @all; the same injections as inject "
	  "hadoop.FAULT",
	  VERB_INJECTS, OPT_WAIT, 1, -1, verb_backend },
	{ "cloudstack",
	  "cloudstack list|crash C|hang C|resume C|api-delay MS|api-delay-clear|db-limit [N]|"
	  "db-restore|agent-disconnect|agent-reconnect|storage-ro PATH|storage-rw PATH",
	  "C is ms agent usage mysql nfs libvirt, with @NODE or @all; the same injections as "
	  "inject cloudstack.FAULT",
	  VERB_INJECTS, OPT_WAIT, 1, -1, verb_backend },
	{ "cluster",
	  "cluster status|start|stop|test|inject-delay D|clear-delay|inject-network "
	  "IP|clear-network",
	  "the words of the original tool's script: the same as those of hadoop", VERB_INJECTS,
	  OPT_WAIT, 1, -1, verb_cluster },
	{ .name = NULL },
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static const char *opt_name(unsigned opts)
{
	if (opts & OPT_ALL)
		return "--all";
	if (opts & OPT_FORCE)
		return "--force";
	if (opts & OPT_REPORT)
		return "--report";
	return opts & OPT_WAIT ? "--wait" : "--follow";
}

int verb_run(struct batch *b, char **words, int n)
{
	const unsigned own = OPT_ALL | OPT_FORCE | OPT_WAIT | OPT_FOLLOW | OPT_REPORT;
	const struct verb *v = verb_find(words[0]);
	unsigned strange;

	if (!v)
		return batch_usage(b, "%s: no such verb", words[0]);
	strange = b->args->given & own & ~v->opts;
	if (strange)
		return batch_usage(b, "%s means nothing to %s: %s", opt_name(strange), v->name,
				   v->usage);
	if (n - 1 < v->min)
		return batch_usage(b, "%s: words are missing: %s", v->name, v->usage);
	if (v->max >= 0 && n - 1 > v->max)
		return batch_usage(b, "%s: one word too many: %s", words[v->max + 1], v->usage);
	return v->exec(b, words, n);
}
