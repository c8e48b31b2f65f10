# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each on a line of its own: what arrived, byte for byte.
# shellcheck disable=SC2154 # given
mark_file=/run/mark-$FD_ID
do_() { printf '%s\n' "$p_a" "$p_b" "$p_c" "$p_d" "$t_name" >"$mark_file"; }
verify_() { [ -s "$mark_file" ]; }
undo_() { rm -f "$mark_file"; }
gone_() { [ ! -e "$mark_file" ]; }
