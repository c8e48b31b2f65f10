# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Restore-all as this node sees it: ends every entry of the ledger, then whatever the backends find
# without one (their NAME_sweep, which the collector's shell has, called behind this text).
# Lines: swept<TAB>ID, kept<TAB>ID REASON, forced<TAB>ID REASON. fd_root is the collector's.
# shellcheck disable=SC2154
fd_sweep() {
	for fd_entry in /run/faultdeck/*/; do
		[ -d "$fd_entry" ] || continue
		fd_id=${fd_entry%/}
		fd_id=${fd_id##*/}
		if fd_out=$(sh "${fd_entry}undo.sh" undo 2>&1); then
			printf 'swept\t%s\n' "$fd_id"
		elif [ ! -s "${fd_entry}undo.sh" ]; then
			# cut off before the text was there: nothing was changed yet
			rm -rf "$fd_entry"
			printf 'swept\t%s\n' "$fd_id"
		elif [ "$FD_FORCE" = 1 ]; then
			sh "${fd_entry}undo.sh" drop >/dev/null 2>&1
			rm -rf "$fd_entry"
			printf 'forced\t%s %s\n' "$fd_id" "$(printf '%s' "$fd_out" | tr '\n\t' '  ')"
		else
			printf 'kept\t%s %s\n' "$fd_id" "$(printf '%s' "$fd_out" | tr '\n\t' '  ')"
		fi
	done
}
[ "$fd_root" = yes ] || { printf 'error\tEPERM not root on this node\n'; exit 1; }
fd_sweep
