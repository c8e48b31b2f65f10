# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `cloud`: mgmt (a real MariaDB and nfs-ganesha, stand-ins for CloudStack's management and usage servers) and cs1 (a
# real libvirtd with a guest, a stand-in for CloudStack's agent, primary storage), and build/lab/cloud.cfg for the deck.

CLOUD_FILES=$LAB/cloud
CLOUD_NODES=(mgmt cs1)
CLOUD_PACKAGES=(default-jre-headless e2fsprogs libhikaricp-java libmariadb-java libnfs-utils libvirt-clients libvirt-daemon-system
	mariadb-server nfs-ganesha nfs-ganesha-vfs qemu-system-x86)
CLOUD_POOL=6e3f1c2a-9d41-4c0e-8a57-2b1f0d9e4c11 # as in agent.properties
# what each node starts at boot, and what of Debian's it does not
CLOUD_STARTS='
mgmt fdlab-export nfs-ganesha mariadb cloudstack-management cloudstack-usage
cs1 fdlab-pool fdlab-guest libvirtd cloudstack-agent
'
CLOUD_MASKED='
mgmt run-rpc_pipefs.mount nfs-ganesha-lock.service libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirt-guests.service rpcbind.service rpcbind.socket
cs1 run-rpc_pipefs.mount mariadb.service nfs-ganesha.service libvirt-guests.service rpcbind.service rpcbind.socket
'

# cloud_unit ROOT NAME SECTION… - each SECTION is a line of it
cloud_unit() {
	local file=$1/usr/lib/systemd/system/$2.service
	shift 2
	mkdir -p "${file%/*}" && printf '%s\n' "$@" '[Install]' WantedBy=multi-user.target >"$file"
}

# cloud_units ROOT - CloudStack's own, as its packages have them; and those that make the place
cloud_units() {
	cloud_unit "$1" cloudstack-management '[Unit]' 'After=mariadb.service' '[Service]' User=cloud \
		EnvironmentFile=/etc/default/cloudstack-management SuccessExitStatus=143 \
		"ExecStart=/usr/bin/java \$JAVA_OPTS -cp \$CLASSPATH org.apache.cloudstack.ServerDaemon" &&
		cloud_unit "$1" cloudstack-usage '[Unit]' 'After=mariadb.service' '[Service]' User=cloud Restart=always RestartSec=10s \
			EnvironmentFile=/etc/default/cloudstack-usage SuccessExitStatus=143 \
			"ExecStart=/bin/sh -ec 'exec /usr/bin/java -Dpid=\$\$\$\$ \$JAVA_OPTS -cp \$CLASSPATH com.cloud.usage.UsageServer'" &&
		cloud_unit "$1" cloudstack-agent '[Unit]' Requires=libvirtd.service 'After=libvirtd.service fdlab-pool.service' '[Service]' \
			Restart=always RestartSec=10s EnvironmentFile=/etc/default/cloudstack-agent SuccessExitStatus=143 \
			"ExecStart=/usr/bin/java \$JAVA_OPTS -cp \$CLASSPATH com.cloud.agent.AgentShell" &&
		cloud_unit "$1" fdlab-pool '[Service]' Type=oneshot RemainAfterExit=yes "ExecStart=/usr/lib/fdlab/pool /mnt/$CLOUD_POOL" &&
		cloud_unit "$1" fdlab-export '[Unit]' Before=nfs-ganesha.service '[Service]' Type=oneshot RemainAfterExit=yes 'ExecStart=/usr/lib/fdlab/pool /export' &&
		cloud_unit "$1" fdlab-guest '[Unit]' After=libvirtd.service '[Service]' Type=oneshot RemainAfterExit=yes 'ExecStart=/usr/bin/virsh create /etc/fdlab/guest.xml'
}

# cloud_classes TREE OUT
cloud_classes() {
	local sources
	mapfile -t sources < <(find "$CLOUD_FILES/java" -name '*.java')
	mkdir -p "$2" && javac -Xlint:all,-options -Werror --release 17 -cp "$1/usr/share/java/HikariCP.jar:$1/usr/share/java/mariadb-java-client.jar" -d "$2" "${sources[@]}"
}

# cloud_key ROOT - what the agents' port shows; the real one makes it at its first start
cloud_key() {
	keytool -genkeypair -alias cloud -keyalg RSA -dname CN=cloudstack -validity 3650 -storetype PKCS12 -storepass vmops.com \
		-keystore "$1/etc/cloudstack/management/cloud.jks" 2>/dev/null
}

# cloud_conf ROOT - /etc
cloud_conf() {
	local etc=$1/etc unit java=/usr/share/java
	mkdir -p "$etc"/{cloudstack/management,cloudstack/agent,default,fdlab,libvirt,ganesha,mysql/mariadb.conf.d} &&
		cp "$CLOUD_FILES"/mgmt/{db,server}.properties "$etc/cloudstack/management" &&
		cp "$CLOUD_FILES/cs1/agent.properties" "$etc/cloudstack/agent" && cp "$CLOUD_FILES/cs1/guest.xml" "$CLOUD_FILES/mgmt/schema.sql" "$etc/fdlab" &&
		cp "$CLOUD_FILES/cs1/qemu.conf" "$etc/libvirt" && cp "$CLOUD_FILES/mgmt/ganesha.conf" "$etc/ganesha" &&
		printf '[mariadbd]\nbind-address = 0.0.0.0\ninnodb_buffer_pool_size = 32M\n' >"$etc/mysql/mariadb.conf.d/90-fdlab.cnf" || return 1
	for unit in management usage agent; do
		printf '%s\n' 'JAVA_OPTS="-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"' \
			"CLASSPATH=/usr/share/cloudstack-common/classes:$java/HikariCP.jar:$java/mariadb-java-client.jar:$java/slf4j-api.jar:$java/slf4j-nop.jar" >"$etc/default/cloudstack-$unit"
	done
}

# make_cloud TREE TMP FINAL - the layer over the tree
make_cloud() {
	local tree=$1 root=$2/root
	mkdir -p "$root/etc" "$root/usr/lib/fdlab" && cp -a "$tree"/etc/{passwd,group,shadow,gshadow} "$root/etc" &&
		useradd --prefix "$root" --system --home-dir /var/cloudstack/management --shell /bin/sh cloud || return 1
	cloud_conf "$root" && cloud_units "$root" && cloud_key "$root" && cloud_classes "$tree" "$root/usr/share/cloudstack-common/classes" &&
		install -m 755 "$CLOUD_FILES/pool" "$root/usr/lib/fdlab/pool" && chmod 755 "$root" && chmod 644 "$root/etc/cloudstack/management/cloud.jks"
}

# cloud_lower - the nodes' lower layers, as overlayfs takes them
cloud_lower() {
	local tree key layer
	tree=$(tree_dir "${CLOUD_PACKAGES[@]}") || return 1
	key=$({ echo "$tree $CLOUD_POOL" && find "$CLOUD_FILES" -type f -exec cat {} + &&
		declare -f make_cloud cloud_conf cloud_unit cloud_units cloud_key cloud_classes; } | hash_of)
	layer=$(cached cloud "$key" make_cloud "$tree") && printf '%s:%s\n' "$layer/root" "$tree"
}

# cloud_words LIST NODE - the words behind NODE
cloud_words() { sed -n "s/^$2 //p" <<<"$1"; }

# cloud_own NODE - what differs between nodes is in the upper layer
cloud_own() {
	local dir=$STATE/nodes/$1/upper/etc/systemd/system unit
	mkdir -p "$dir/multi-user.target.wants" || return 1
	for unit in $(cloud_words "$CLOUD_STARTS" "$1"); do
		ln -s "/usr/lib/systemd/system/$unit.service" "$dir/multi-user.target.wants/$unit.service" || return 1
	done
	for unit in $(cloud_words "$CLOUD_MASKED" "$1"); do
		ln -s /dev/null "$dir/$unit" || return 1
	done
}

cloud_up() {
	local lower name
	nspawn_running mgmt && nspawn_running cs1 && [ -f "$STATE/cloud.whole" ] && return 0
	lower=$(cloud_lower) && rm -f "$STATE/cloud.whole" || return 1
	for name in "${CLOUD_NODES[@]}"; do
		if [ ! -f "$STATE/$name.node" ]; then
			nspawn_new "$name" "$(nspawn_address "$name")" "$lower" && cloud_own "$name" || return 1
		fi
		nspawn_running "$name" || nspawn_start "$name" || return 1
	done
	step 'cloud: login' nspawn_login "${CLOUD_NODES[@]}" && step 'cloud: healthy' cloud_ready || return 1
	cloud_config >"$RUN/cloud.cfg"
}

# the first start has no tables: the management server says 503 then, as the real one does, and is started again
cloud_tables() {
	on mgmt 'mariadb -e "SELECT 1 FROM cloud_usage.usage_job" >/dev/null 2>&1 ||
		{ mariadb </etc/fdlab/schema.sql && systemctl restart cloudstack-management cloudstack-usage; }'
}

cloud_healthy() {
	on mgmt "[ \"\$(curl -s -o /dev/null -m 3 -w '%{http_code}' 'http://127.0.0.1:8080/client/api?command=listCapabilities&response=json')\" = 401 ] &&
		[ \"\$(mariadb -NBe \"SELECT status FROM cloud.host WHERE name = 'cs1'\")\" = Up ]"
}

# cloud_ready - the API answers as one that is well, and the host is Up
cloud_ready() {
	if ! wait_for 60 cloud_tables || ! wait_for 60 cloud_healthy; then say "cloud: not healthy within a minute" && return 1; fi
}

cloud_down() { nspawn_part_down cloud "${CLOUD_NODES[@]}"; }

cloud_status() { nspawn_part_status "${CLOUD_NODES[@]}"; }

# cloud_config - a cluster.cfg of these nodes alone
cloud_config() {
	cat <<-EOF
		cluster = "cloud";
		banner = "green";
		ssh_config = "$RUN/ssh_config";
		nodes = (
			{ name = "mgmt"; host = "10.77.0.30"; user = "root"; roles = ( "management", "mysql", "nfs" ); disposable = true; },
			{ name = "cs1"; host = "10.77.0.31"; user = "root"; roles = ( "agent" ); disposable = true; }
		);
		guard = { max_nodes = 2; max_injections = 20; max_ttl = "10m"; };
	EOF
}
