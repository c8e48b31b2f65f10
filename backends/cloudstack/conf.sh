# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# CloudStack's settings where they are, and the questions that tell whether a part of it is well.
# shellcheck disable=SC2034 # what is set here is read by the files behind this one

# cloudstack_file management|agent FILE: to cloudstack_path; old versions are in /etc/cloud.
cloudstack_file() {
	for cloudstack_path in "/etc/cloudstack/$1/$2" "/etc/cloud/$1/$2"; do
		[ ! -r "$cloudstack_path" ] || return 0
	done
	return 1
}

# cloudstack_get management|agent FILE KEY DEFAULT: to cloudstack_value, by builtins; the last one counts.
cloudstack_get() {
	cloudstack_value=$4
	cloudstack_file "$1" "$2" || return 0
	while IFS='=' read -r cloudstack_k cloudstack_w || [ -n "$cloudstack_k" ]; do
		[ "${cloudstack_k% }" != "$3" ] || cloudstack_value=${cloudstack_w# }
	done <"$cloudstack_path"
}

cloudstack_api_port() {
	cloudstack_get management server.properties http.port 8080
	case $cloudstack_value in '' | *[!0-9]*) cloudstack_value=8080 ;; esac
}

# cloudstack_api: to cloudstack_code and cloudstack_took, in s, of a call that nobody is logged in for; 000 is no answer.
cloudstack_api() {
	cloudstack_api_port
	cloudstack_said=$(curl -sg -o /dev/null -m 3 -w '%{http_code} %{time_total} %{size_download}' \
		"http://127.0.0.1:$cloudstack_value/client/api?command=listCapabilities&response=json")
	cloudstack_r=$?
	cloudstack_code=${cloudstack_said%% *}
	cloudstack_took=${cloudstack_said#* }
	cloudstack_took=${cloudstack_took%% *}
	[ "$cloudstack_code" = 401 ]
}

cloudstack_api_words() {
	case $cloudstack_r:$cloudstack_said in
	0:401*) echo 'healthy (401)' ;;
	0:503*) echo '503: it runs, and could not start its services' ;;
	0:200*' 0') echo 'an empty answer (200)' ;;
	0:*) echo "answers $cloudstack_code" ;;
	7:*) echo 'refused: down or starting' ;;
	28:*) echo 'hangs: no answer in 3 s' ;;
	*) echo "no answer (curl $cloudstack_r)" ;;
	esac
}

cloudstack_client=mariadb
command -v mariadb >/dev/null || cloudstack_client=mysql

# cloudstack_sql SQL: as the node's own administrator by the socket, never by CloudStack's password.
cloudstack_sql() {
	HOME=/root timeout 8 "$cloudstack_client" --connect-timeout=5 -N -B -r -e "$1" 2>&1 </dev/null
}

# cloudstack_why TEXT of a client that failed
cloudstack_why() {
	printf '%s' "${1:-it does not answer in 8 s}" | head -n 1 | cut -c 1-200
}

# cloudstack_agent_connected PID: its connection to a management server.
cloudstack_agent_connected() {
	cloudstack_get agent agent.properties port 8250
	case $(ss -Htnp state established "dport = :$cloudstack_value") in *"pid=$1,"*) return 0 ;; esac
	return 1
}

# NULL of NFS 4, and of 3 where there is no 4: any answer will do.
cloudstack_nfs_answers() {
	perl -MIO::Socket::INET -e '
		alarm 3;
		$s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 2049, Timeout => 3) or exit 1;
		print $s pack("N*", 0x80000028, 1, 0, 2, 100003, 4, 0, 0, 0, 0, 0);
		$s->flush; exit !(sysread($s, $_, 24) == 24)'
}

# cloudstack_well COMPONENT PID: it answers as one of its kind does.
cloudstack_well() {
	case $1 in
	ms) cloudstack_api ;;
	agent) cloudstack_agent_connected "$2" ;;
	mysql) [ "$(cloudstack_sql 'SELECT 7')" = 7 ] ;;
	libvirt) timeout 5 virsh -c qemu:///system -q list >/dev/null 2>&1 ;;
	nfs) cloudstack_nfs_answers ;;
	*) [ -d "/proc/$2" ] ;;
	esac
}
