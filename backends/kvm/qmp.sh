# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A VM's own view of itself: libvirt where it runs the VM, else QEMU's machine protocol by whichever
# of perl and python3 the node has. A query that fails is never an answer: kvm_vm_status says
# nothing and is false then. virsh is told the address: without one some builds ask libvirtd alone, and not virtqemud.

# Each word behind the socket is a question of QMP, or one of the monitor for people where it holds a blank; of that the answer's
# lines are printed, each behind the question. Behind the last answer a dot.
# shellcheck disable=SC2016 # perl's variables
kvm_perl='
use strict; use IO::Socket::UNIX; $SIG{ALRM} = sub { exit 3 }; alarm 3;
my ($path, @ask) = @ARGV;
my $s = IO::Socket::UNIX->new(Peer => $path) or exit 2;
$s->autoflush(1); <$s>;
for my $q ("qmp_capabilities", @ask) {
	print $s $q =~ / / ? "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"$q\"}}\n" : "{\"execute\":\"$q\"}\n";
	do { $_ = <$s> // exit 5 } until /^\{"(return|error)"/;
	exit 4 if /^\{"error"/;
	if ($q !~ / /) { print unless $q eq "qmp_capabilities"; next }
	s/^\{"return": "//; s/"[^"]*$//; s/\\r//g;
	print "$q\t$_\n" for split /\\n/;
}
print ".\n"'

kvm_python='
import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(3); s.connect(sys.argv[1]); f = s.makefile("rw")
f.readline()
for q in ["qmp_capabilities"] + sys.argv[2:]:
    f.write(json.dumps({"execute": "human-monitor-command", "arguments": {"command-line": q}} if " " in q else {"execute": q}) + "\n"); f.flush()
    while True:
        l = f.readline()
        if not l: sys.exit(5)
        a = json.loads(l)
        if "error" in a: sys.exit(4)
        if "return" in a: break
    if " " in q: print("".join(q + "\t" + x + "\n" for x in a["return"].splitlines()), end="")
    elif q != "qmp_capabilities": print(l, end="")
print(".")'

# kvm_qmp SOCKET QUESTION…: prints the answers.
kvm_qmp() {
	if command -v perl >/dev/null; then
		perl -e "$kvm_perl" "$@" 2>/dev/null
	elif command -v python3 >/dev/null; then
		python3 -c "$kvm_python" "$@" 2>/dev/null
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
		case $(virsh -c qemu:///system -q domstate --reason "$2" 2>/dev/null) in
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
		virsh -c qemu:///system -q resume "$2" >/dev/null 2>&1
	fi
}
