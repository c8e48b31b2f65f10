# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hadoop's own programs, as the user of a running daemon, with its Java, class path and configuration:
# nothing is assumed of where it is installed. hadoop_user, where cluster.cfg sets it, is that user. Behind conf.sh.
# shellcheck disable=SC2154 # the rest is conf.sh's

# hadoop_as PID: USER:GROUP, as chown takes them.
hadoop_as() {
	if [ -n "${hadoop_user-}" ]; then
		printf '%s:%s' "$hadoop_user" "$(id -g "$hadoop_user")"
	else
		sed -n 's/^\([UG]id\):[^0-9]*\([0-9]*\).*/\2/p' "/proc/$1/status" | paste -sd:
	fi
}

# hadoop_client PID CLASS WORD…: what it printed, without its warnings.
hadoop_client() {
	hadoop_p=$1
	shift
	CLASSPATH=$(hadoop_classpath "$hadoop_p")
	HADOOP_CONF_DIR=$(hadoop_conf_dir "$hadoop_p")
	hadoop_v=$(hadoop_as "$hadoop_p")
	export CLASSPATH HADOOP_CONF_DIR
	# shellcheck disable=SC2046 # options without blanks
	setpriv --reuid="${hadoop_v%:*}" --regid="${hadoop_v#*:}" --clear-groups \
		"$(readlink "/proc/$hadoop_p/exe")" -Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
		$(tr '\0' '\n' <"/proc/$hadoop_p/cmdline" | grep -e '^--add-[a-z]*=' -e '^-Djava\.') \
		-Dhadoop.root.logger=ERROR,console "$@" 2>&1 </dev/null
}

# The one line of what a client printed that says why.
hadoop_why() {
	printf '%s\n' "$1" | grep -v -e '^[[:space:]]*at ' -e '^[[:space:]]*\.\.\. [0-9]* more' -e '^ *$' -e ' WARN ' | tail -n 1 | cut -c 1-300
}
