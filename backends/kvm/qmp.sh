# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A VM's own view of itself: libvirt where it runs the VM, else QEMU's machine protocol by whichever
# of perl and python3 the node has. A query that fails is never an answer: kvm_vm_status says
# nothing and is false then.

# shellcheck disable=SC2016 # perl's variables
kvm_perl='
use strict; use IO::Socket::UNIX; $SIG{ALRM} = sub { exit 3 }; alarm 3;
my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 2;
$s->autoflush(1); <$s>; print $s "{\"execute\":\"qmp_capabilities\"}\n";
my $n = 0;
while (<$s>) {
	next unless /^\{"(return|error)"/;
	if ($n++ == 0) { print $s "{\"execute\":\"$ARGV[1]\"}\n"; next; }
	print; exit(/^\{"return"/ ? 0 : 4);
}
exit 5;'

kvm_python='
import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(3); s.connect(sys.argv[1]); f = s.makefile("rw")
f.readline()
def ask(c):
    f.write(json.dumps({"execute": c}) + "\n"); f.flush()
    while True:
        l = f.readline()
        if not l: sys.exit(5)
        if "return" in json.loads(l) or "error" in json.loads(l): return l
ask("qmp_capabilities"); print(ask(sys.argv[2]), end="")'

# kvm_qmp SOCKET COMMAND: prints the answer's line.
kvm_qmp() {
	if command -v perl >/dev/null; then
		perl -e "$kvm_perl" "$1" "$2" 2>/dev/null
	elif command -v python3 >/dev/null; then
		python3 -c "$kvm_python" "$1" "$2" 2>/dev/null
	else
		return 127
	fi
}

# kvm_vm_status QMP_SOCKET LIBVIRT_NAME: prints "running", "paused", "io-error" …
kvm_vm_status() {
	if [ -n "$1" ]; then
		kvm_answer=$(kvm_qmp "$1" query-status) || return 1
		kvm_answer=${kvm_answer#*\"status\": \"}
		printf '%s' "${kvm_answer%%\"*}"
	elif [ -n "$2" ]; then
		case $(virsh -q domstate --reason "$2" 2>/dev/null) in
		running*) printf running ;;
		paused*'I/O error'*) printf io-error ;;
		paused*) printf paused ;;
		*) return 1 ;;
		esac
	else
		return 1
	fi
}

kvm_vm_cont() {
	if [ -n "$1" ]; then
		kvm_qmp "$1" cont >/dev/null
	else
		virsh -q resume "$2" >/dev/null 2>&1
	fi
}
