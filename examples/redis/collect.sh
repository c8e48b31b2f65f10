# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# redis_slow: asked every few seconds beside the fast figures, so it may take its time.
redis_has_redis_cli() {
	command -v redis-cli
}

redis_slow() {
	redis_info=$(timeout 2 redis-cli info 2>/dev/null | tr -d '\r') || return 0
	say :service redis
	printf '%s\n' "$redis_info" | while IFS=: read -r redis_k redis_v; do
		case $redis_k in
		connected_clients) say clients "$redis_v" ;;
		instantaneous_ops_per_sec) say ops "$redis_v" ;;
		used_memory) say used "$redis_v" ;;
		esac
	done
}
