# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An undo that takes its time, as the start of a service does.
mark_file=/run/mark-$FD_ID
do_() { : >"$mark_file"; }
verify_() { [ -e "$mark_file" ]; }
undo_() { sleep 5 && rm -f "$mark_file"; }
gone_() { [ ! -e "$mark_file" ]; }
