# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
do_() { sleep 1000; }
verify_() { :; }
undo_() { :; }
gone_() { :; }
