#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the NodeManager of slave1 asks for its health: a line that begins with ERROR is bad news.
[ ! -e /etc/hadoop/unhealthy ] || echo "ERROR by marker"
