# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One call of Hadoop's RPC in some milliseconds: its own programs take seconds to start. Spoken by bash, which Hadoop's own
# scripts need, and only where nobody has to prove who he is (hadoop.security.authentication = simple). Behind conf.sh, client.sh.
# shellcheck disable=SC2016 # the program is bash's

# HOST PORT USER ACTION: RPC version 9 without authentication; the connection's context (call -3: 05); setSafeMode (call 0).
# 0 where the answer is call 0, success.
hadoop_rpc_safemode='
hex() { local i; for ((i = 0; i < ${#1}; i++)); do printf %02x "'\''${1:i:1}"; done; }
part() { printf %02x%s $((${#1} / 2)) "$1"; }
frame() { local p all; for p; do all+=$(part "$p"); done; printf %08x%s $((${#all} / 2)) "$all"; }
send() { local i escaped; for ((i = 0; i < ${#1}; i += 2)); do escaped+="\\x${1:i:2}"; done; printf "$escaped" >&3; }
protocol=$(part "$(hex org.apache.hadoop.hdfs.protocol.ClientProtocol)")
context=12$(part "0a$(part "$(hex "$3")")")1a$protocol
method=0a$(part "$(hex setSafeMode)")12${protocol}1801
exec 3<>"/dev/tcp/$1/$2" &&
	send "$(hex hrpc)090000$(frame 08021000180522002801 "$context")$(frame "0802100018002210$(hex faultdeck-000000)2800" "$method" "080${4}1000")" &&
	[[ $(head -c 9 <&3 | od -An -v -tx1 | tr -d " ") = *08001000 ]]'

# hadoop_rpc PID HOST:PORT 1|2: leave or enter safe mode, as the user of that process.
hadoop_rpc() {
	[ "$(hadoop_get hadoop.security.authentication simple)" = simple ] || return 1
	hadoop_v=$(hadoop_as "$1")
	timeout 5 bash -c "$hadoop_rpc_safemode" bash "${2%:*}" "${2##*:}" "$(id -nu "${hadoop_v%:*}")" "$3" 2>/dev/null </dev/null
}
