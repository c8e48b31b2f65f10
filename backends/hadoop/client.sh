# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hadoop's own programs, as the user of a running daemon, with its Java, class path and configuration:
# nothing is assumed of where it is installed. Behind conf.sh.
# shellcheck disable=SC2154 # the rest is conf.sh's

hadoop_ids() {
	sed -n "s/^$2:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$1/status"
}

# hadoop_client PID CLASS WORD…: what it printed, without its warnings.
hadoop_client() {
	hadoop_p=$1
	shift
	CLASSPATH=$(hadoop_env "$hadoop_p" CLASSPATH)
	hadoop_v=$(tr '\0' '\n' <"/proc/$hadoop_p/cmdline" | sed -n '/^-\(cp\|classpath\)$/{n;p;}')
	CLASSPATH=${hadoop_v:-$CLASSPATH}
	HADOOP_CONF_DIR=$(hadoop_conf_dir "$hadoop_p")
	export CLASSPATH HADOOP_CONF_DIR
	# shellcheck disable=SC2046 # options without blanks
	setpriv --reuid="$(hadoop_ids "$hadoop_p" Uid)" --regid="$(hadoop_ids "$hadoop_p" Gid)" --clear-groups \
		"$(readlink "/proc/$hadoop_p/exe")" -Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
		$(tr '\0' '\n' <"/proc/$hadoop_p/cmdline" | grep -e '^--add-[a-z]*=' -e '^-Djava\.') \
		-Dhadoop.root.logger=ERROR,console "$@" 2>&1 </dev/null
}

# The one line of what a client printed that says why.
hadoop_why() {
	printf '%s\n' "$1" | grep -v -e '^	*at ' -e '^ *$' -e ' WARN ' | tail -n 1 | cut -c 1-300
}
