#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots a kernel with nothing but the module and its test in an initramfs; prints the test's TAP.
#   tests/kmod/boot.sh [-k 6.1] [-c QEMU_CPU] [-a 'WORDS FOR THE TEST'S ENVIRONMENT'] [TEST NAME]
# -k: a kernel of the lab's table; -c: QEMU's CPU; STORM= and CYCLES= in -a make the storms longer.
# Exit status: 0 all tests passed, 1 some did not, 2 the machine did not get that far.
set -eu
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
top=$(cd "$(dirname "$0")/../.." && pwd)
kernel=6.1 cpu=max,pauth=off,sve=off env='' limit=${BOOT_LIMIT:-300}
while getopts k:c:a: o; do
	case $o in
	k) kernel=$OPTARG ;;
	c) cpu=$OPTARG ;;
	a) env=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
# else lockdep says no more after KASAN's first word; another kernel would hand it to init
[ "$kernel" != debug ] || env="kasan_multi_shot $env"

tmp=$(mktemp -d)
qemu=
cleanup() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# KHEADERS, VMLINUZ and MODULES in the environment name a kernel that is not the lab's.
if [ -z "${KHEADERS:-}" ]; then
	found=$("$top/tests/lab/lab" kernel "$kernel") || exit 2
	eval "$found"
fi

mkdir -p "$tmp/kmod" "$tmp/root/tmp"
cp "$top"/kmod/*.[ch] "$top/kmod/Kbuild" "$top/kmod/Makefile" "$tmp/kmod/"
# shellcheck disable=SC2086 # words for make
make -s -C "$tmp/kmod" KHEADERS="$KHEADERS" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
	${KMAKE:-} >&2 || exit 2
aarch64-linux-gnu-strip -g "$tmp/kmod/faultdeck.ko"
aarch64-linux-gnu-gcc -std=gnu11 -O1 -Wall -Wextra -Werror -static -pthread -o "$tmp/root/selftest" \
	"$top"/tests/kmod/*.c || exit 2
cp "$tmp/kmod/faultdeck.ko" "$tmp/root/"
brd=$(find "$MODULES/kernel/drivers/block" -name 'brd.ko*' | head -n 1)
case $brd in
*.xz) xz -dc "$brd" >"$tmp/root/brd.ko" ;;
*) cp "$brd" "$tmp/root/brd.ko" ;;
esac
(cd "$tmp/root" && ln -s selftest init && find . | cpio -o -H newc --quiet) | gzip -1 >"$tmp/initrd"

timeout "$limit" qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu "$cpu" \
	-accel tcg,thread=multi -smp 2 -m 512M -display none -nodefaults -serial "file:$tmp/log" \
	-no-reboot -kernel "$VMLINUZ" -initrd "$tmp/initrd" \
	-append "console=ttyAMA0 panic=-1 loglevel=${LOGLEVEL:-4} $env -- ${1:-}" >&2 &
qemu=$!
wait "$qemu" || :
qemu=
tr -d '\r' <"$tmp/log"
# the OOM killer's own trace is one of the effects
if grep -q -E 'BUG:|WARNING:|UBSAN:|Oops|INFO: (rcu|task)|Kernel panic - not syncing: (Fatal|Oops)' "$tmp/log"; then
	echo "Bail out! the kernel complained"
	exit 1
fi
grep -q '^1\.\.' "$tmp/log" || [ -n "${1:-}" ] || exit 2
! grep -q -e '^not ok' -e '^Bail out' "$tmp/log"
