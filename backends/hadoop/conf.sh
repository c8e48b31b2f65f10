# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a running daemon was configured with: its -D options, then the files in its own configuration
# directory, then what Hadoop takes without either. And one HTTP exchange with it.
# shellcheck disable=SC2016 # ${key} is Hadoop's

# hadoop_env PID NAME
hadoop_env() {
	tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | sed -n "s/^$2=//p" | head -n 1
}

# hadoop_classpath PID: of its command line, else of its environment.
hadoop_classpath() {
	hadoop_v=$(tr '\0' '\n' <"/proc/$1/cmdline" | sed -n '/^-\(cp\|classpath\)$/{n;p;}')
	printf '%s\n' "${hadoop_v:-$(hadoop_env "$1" CLASSPATH)}"
}

# The daemon script's pid file, where it names this process.
hadoop_pid_file() {
	hadoop_d=$(hadoop_env "$1" HADOOP_PID_DIR)
	grep -lsx "$1" "${hadoop_d:-/tmp}"/hadoop-*.pid | head -n 1
}

# What was started again, by the ledger's file back, is what its pid file names.
hadoop_repid() {
	hadoop_f=$(fd_get pid_file)
	hadoop_b=$(fd_get back)
	[ -z "$hadoop_f" ] || [ -z "$hadoop_b" ] || printf '%s\n' "${hadoop_b%% *}" >"$hadoop_f"
}

# The directory with core-site.xml: HADOOP_CONF_DIR, else the first in the class path that has one.
hadoop_conf_dir() {
	hadoop_d=$(hadoop_env "$1" HADOOP_CONF_DIR)
	[ -z "$hadoop_d" ] || { printf '%s' "$hadoop_d"; return; }
	hadoop_classpath "$1" | tr ':' '\n' | while read -r hadoop_d; do
		[ ! -e "$hadoop_d/core-site.xml" ] || { printf '%s' "$hadoop_d"; break; }
	done
}

# hadoop_configure PID: to hadoop_conf, KEY<TAB>VALUE a line, the last one counts.
hadoop_configure() {
	hadoop_dir=$(hadoop_conf_dir "$1")
	hadoop_conf=$(
		for hadoop_f in core hdfs yarn mapred; do
			cat "$hadoop_dir/$hadoop_f-site.xml" 2>/dev/null
		done | tr '\n\t' '  ' | sed 's/<!--/\n&/g; s/-->/&\n/g' | sed '/^<!--/d' | tr -d '\n' | sed 's/<property>/\n/g' |
			sed -n 's/.*<name> *\([^ <]*\) *<\/name>.*<value> *\([^<]*[^ <]\) *<\/value>.*/\1	\2/p'
		tr '\0' '\n' <"/proc/$1/cmdline" | sed -n 's/^-D\([^=]*\)=/\1	/p'
	)
}

# hadoop_get KEY DEFAULT: with ${other.key} filled in, as Hadoop does.
hadoop_get() {
	hadoop_v=$(printf '%s\n' "$hadoop_conf" | sed -n "s/^$1	//p" | tail -n 1)
	hadoop_v=${hadoop_v:-$2}
	hadoop_deep=0
	while [ "$hadoop_deep" -lt 9 ]; do
		case $hadoop_v in
		*'${'*'}'*)
			hadoop_k=${hadoop_v#*\$\{}
			hadoop_k=${hadoop_k%%\}*}
			hadoop_v=${hadoop_v%%\$\{*}$(printf '%s\n' "$hadoop_conf" | sed -n "s/^$hadoop_k	//p" | tail -n 1)${hadoop_v#*\}}
			;;
		*) break ;;
		esac
		hadoop_deep=$((hadoop_deep + 1))
	done
	printf '%s' "$hadoop_v"
}

# Where defaultFS says that the NameNode is.
hadoop_fs_host() {
	hadoop_h=$(hadoop_get fs.defaultFS file:///)
	hadoop_h=${hadoop_h#*://}
	hadoop_h=${hadoop_h%%/*}
	printf '%s' "${hadoop_h%%:*}"
}

# hadoop_web COMPONENT: where its pages are, HOST:PORT; of several (HA) the one of this node.
hadoop_web() {
	case $1 in
	nn)
		hadoop_w=$(hadoop_get dfs.namenode.http-address '')
		[ -n "$hadoop_w" ] || hadoop_w=$(hadoop_mine dfs.namenode.http-address)
		printf '%s' "${hadoop_w:-0.0.0.0:9870}"
		;;
	snn) hadoop_get dfs.namenode.secondary.http-address 0.0.0.0:9868 ;;
	dn) hadoop_get dfs.datanode.http.address 0.0.0.0:9864 ;;
	rm)
		hadoop_w=$(hadoop_get yarn.resourcemanager.webapp.address '')
		[ -n "$hadoop_w" ] || hadoop_w=$(hadoop_mine yarn.resourcemanager.webapp.address)
		[ -n "$hadoop_w" ] || hadoop_w=$(hadoop_get yarn.resourcemanager.hostname "$(hadoop_mine yarn.resourcemanager.hostname)"):8088
		printf '%s' "$hadoop_w"
		;;
	nm) hadoop_get yarn.nodemanager.webapp.address "$(hadoop_get yarn.nodemanager.hostname 0.0.0.0):8042" ;;
	jhs) hadoop_get mapreduce.jobhistory.webapp.address 0.0.0.0:19888 ;;
	esac
}

# hadoop_mine KEY: of KEY.ANYTHING the value whose host is this node.
hadoop_mine() {
	printf '%s\n' "$hadoop_conf" | sed -n "s/^$1\.[^	]*	//p" | while read -r hadoop_h; do
		for hadoop_a in $(getent ahosts "${hadoop_h%%:*}" | sed 's/ .*//' | sort -u); do
			case " $(hadoop_addresses) " in *" $hadoop_a "*) printf '%s' "$hadoop_h"; return ;; esac
		done
	done
}

hadoop_addresses() {
	ip -o addr show | sed -n 's/.* inet6* \([^/ ]*\).*/\1/p' | tr '\n' ' '
}

# hadoop_url COMPONENT: prints http://HOST:PORT, or fails with the reason printed.
hadoop_url() {
	case $1 in
	rm | nm) hadoop_k=yarn.http.policy ;;
	jhs) hadoop_k=mapreduce.jobhistory.http.policy ;;
	*) hadoop_k=dfs.http.policy ;;
	esac
	[ "$(hadoop_get "$hadoop_k" HTTP_ONLY)" != HTTPS_ONLY ] || { printf 'it answers https only'; return 1; }
	hadoop_w=$(hadoop_web "$1")
	case $hadoop_w in
	*:0 | *: | '') printf 'its port is not configured'; return 1 ;;
	0.0.0.0:* | :*) printf 'http://127.0.0.1:%s' "${hadoop_w##*:}" ;;
	*) printf 'http://%s' "$hadoop_w" ;;
	esac
}

hadoop_limit=3

# hadoop_get_page URL: by curl, else by perl (its base package has sockets), which nodes have where they have no curl.
hadoop_get_page() {
	if command -v curl >/dev/null; then
		curl -sS -g -m "$hadoop_limit" -w '\n%{http_code}\n' "$1" || echo failed
		return
	fi
	perl -MIO::Socket::INET -e '
		alarm $ARGV[1]; $SIG{ALRM} = sub { print "no answer in time\nfailed\n"; exit };
		($h, $p) = $ARGV[0] =~ m{^http://([^/]+)(/.*)?$};
		$s = IO::Socket::INET->new(PeerAddr => $h, Timeout => $ARGV[1]) or do { print "$@\nfailed\n"; exit };
		print $s "GET " . ($p || "/") . " HTTP/1.0\r\nHost: $h\r\n\r\n";
		local $/; $_ = <$s>; ($c) = /^HTTP\S+ (\d+)/; s/^.*?\r?\n\r?\n//s; print "$_\n$c\n";' "$1" "$hadoop_limit"
}

# hadoop_fetch URL: the body, and a last line: the status, or why there was none. What is longer than 8 MiB has none.
hadoop_fetch() {
	hadoop_said=$(hadoop_get_page "$1" 2>&1 | head -c 8388608)
	case $hadoop_said in
	*failed)
		hadoop_said=${hadoop_said%?failed}
		hadoop_said=${hadoop_said%?000}
		printf '%s' "${hadoop_said##*) }" | tr '\n' ' '
		;;
	*200) printf '%s' "$hadoop_said" ;;
	*401 | *403) printf 'it wants a login (http authentication)' ;;
	*) printf 'http status %.100s' "${hadoop_said##*
}" ;;
	esac
}

# hadoop_ok TEXT of hadoop_fetch
hadoop_ok() {
	case $1 in *'
200') return 0 ;; esac
	return 1
}
