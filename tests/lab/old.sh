# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `old`: cs2, a CloudStack of old on one node, by what old versions ran in: the same stand-ins (cloud/README.md) below a real
# jsvc and in a real Tomcat; a real MySQL, and libvirt's virtqemud. Its config for the deck is build/lab/old.cfg.

OLD_FILES=$LAB/old
OLD_PACKAGES=(default-jre-headless e2fsprogs jsvc libhikaricp-java libmariadb-java libvirt-clients libvirt-daemon-system qemu-system-x86 tomcat10)
OLD_MYSQL_SUITE=sid # no released Debian has one
OLD_MYSQL_PACKAGES=(mysql-client-core mysql-server-core)
# Debian builds libvirt without its modular daemons: ours comes from Debian's source, and finds Debian's drivers
OLD_LIBVIRT_BUILD=(dpkg-dev gcc libc6-dev libcap-ng-dev libglib2.0-dev libgnutls28-dev libnl-3-dev libnl-route-3-dev libtirpc-dev libxml2-dev
	libxml2-utils libyajl-dev meson ninja-build pkgconf python3-docutils xsltproc)
OLD_STARTS=(fdlab-mysql fdlab-pool fdlab-guest mysql virtqemud cloudstack-management cloudstack-agent cloudstack-usage)
OLD_SOCKETS=(virtqemud.socket virtqemud-ro.socket virtqemud-admin.socket virtlogd.socket virtlockd.socket)
OLD_MASKED=(tomcat10.service libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirt-guests.service)

# old_jsvc CLASS WORD… - as old init scripts have it
old_jsvc() {
	printf "ExecStart=/usr/bin/jsvc %s -java-home /usr/lib/jvm/default-java -Xmx64m -cp %s -pidfile %s -errfile SYSLOG -outfile SYSLOG %s" "${*:4}" \
		"/usr/share/java/commons-daemon.jar:/usr/share/cloudstack-common/classes:$(old_jars)" "$2" "$3"
}

old_jars() { printf '/usr/share/java/%s.jar:' HikariCP mariadb-java-client slf4j-api slf4j-nop; }

# old_units ROOT - Tomcat's command line is that of its own script; jsvc is told to stay, and to be known by its file of a pid
old_units() {
	cloud_unit "$1" cloudstack-management '[Unit]' 'After=mysql.service' '[Service]' User=cloud SuccessExitStatus=143 \
		Environment=CATALINA_HOME=/usr/share/tomcat10 Environment=CATALINA_BASE=/usr/share/cloudstack-management \
		"Environment=JAVA_HOME=/usr/lib/jvm/default-java" "Environment=\"CATALINA_OPTS=-Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1\"" \
		'ExecStart=/usr/share/tomcat10/bin/catalina.sh run' &&
		cloud_unit "$1" cloudstack-agent '[Unit]' Requires=virtqemud.service 'After=virtqemud.service fdlab-pool.service' '[Service]' Restart=always RestartSec=10s SuccessExitStatus=143 \
			"$(old_jsvc - /run/cloudstack-agent.pid com.cloud.agent.AgentShell -nodetach)" &&
		cloud_unit "$1" cloudstack-usage '[Unit]' 'After=mysql.service' '[Service]' Type=forking PIDFile=/run/cloudstack-usage.pid \
			"$(old_jsvc - /run/cloudstack-usage.pid com.cloud.usage.UsageServer -user cloud)" &&
		cloud_unit "$1" fdlab-guest '[Unit]' After=virtqemud.service '[Service]' Type=oneshot RemainAfterExit=yes \
			'ExecStart=/usr/bin/virsh -c qemu:///system create /etc/fdlab/guest.xml' &&
		cloud_unit "$1" fdlab-pool '[Service]' Type=oneshot RemainAfterExit=yes "ExecStart=/usr/lib/fdlab/pool /mnt/$CLOUD_POOL" &&
		cloud_unit "$1" fdlab-mysql '[Unit]' Before=mysql.service '[Service]' Type=oneshot RemainAfterExit=yes 'ExecStart=/usr/lib/fdlab/mysql' &&
		cloud_unit "$1" mysql '[Unit]' Requires=fdlab-mysql.service '[Service]' 'ExecStart=/usr/sbin/chroot /opt/mysql /usr/sbin/mysqld --user=mysql' Restart=on-failure
}

# old_webapp TREE ROOT - Tomcat's directory as the management server's package has it, and the API in it
old_webapp() {
	local base=$2/usr/share/cloudstack-management classes=$2/usr/share/cloudstack-common/classes lib jar
	lib=$base/webapps/client/WEB-INF
	mkdir -p "$lib/classes" "$base"/{conf,logs,temp,work,lib} && cp "$OLD_FILES/web.xml" "$lib" && cp "$OLD_FILES/server.xml" "$base/conf" &&
		cp "$1/etc/tomcat10/web.xml" "$base/conf" && cp -a "$classes/." "$lib/classes" &&
		mkdir "$lib/lib" && for jar in HikariCP mariadb-java-client slf4j-api slf4j-nop; do cp -L "$1/usr/share/java/$jar.jar" "$lib/lib" || return 1; done &&
		javac -Xlint:all,-options -Werror --release 17 -cp "$classes:$(printf '%s:' "$1"/usr/share/tomcat10/lib/servlet-api.jar)" -d "$lib/classes" "$OLD_FILES/ApiServlet.java"
}

# make_old TREE TMP FINAL - the layer over the tree
make_old() {
	local tree=$1 root=$2/root etc=$2/root/etc
	mkdir -p "$etc"/{cloudstack/management,cloudstack/agent,fdlab,libvirt} "$root/usr/lib/fdlab" "$root"/{usr/bin,var/lib,opt/mysql/etc} && cp "$OLD_FILES/my.cnf" "$root/opt/mysql/etc" &&
		cp -a "$tree"/etc/{passwd,group,shadow,gshadow} "$etc" && useradd --prefix "$root" --system --home-dir /var/cloudstack/management --shell /bin/sh cloud &&
		cp "$CLOUD_FILES"/mgmt/{db,server}.properties "$etc/cloudstack/management" && printf 'lab.jdbc=?allowPublicKeyRetrieval=true\n' >>"$etc/cloudstack/management/db.properties" &&
		sed 's/10\.77\.0\.30/10.77.0.32/; s/10\.77\.0\.31/10.77.0.32/' "$CLOUD_FILES/cs1/agent.properties" >"$etc/cloudstack/agent/agent.properties" &&
		sed "s/'cs1'/'cs2'/; s/10\.77\.0\.31/10.77.0.32/" "$CLOUD_FILES/mgmt/schema.sql" >"$etc/fdlab/schema.sql" &&
		cp "$CLOUD_FILES/cs1/guest.xml" "$etc/fdlab" && cp "$CLOUD_FILES/cs1/qemu.conf" "$etc/libvirt" && cloud_key "$root" && chmod 644 "$etc/cloudstack/management/cloud.jks" && old_units "$root" &&
		cloud_classes "$tree" "$root/usr/share/cloudstack-common/classes" && old_webapp "$tree" "$root" &&
		install -m 755 "$OLD_FILES/mysql" "$CLOUD_FILES/pool" "$root/usr/lib/fdlab" && install -m 755 "$OLD_FILES/client" "$root/usr/bin/mysql" &&
		ln -s /opt/mysql/var/lib/mysql "$root/var/lib/mysql" && chmod 755 "$root"
}

# make_mysql TMP FINAL - a root of its own, for the libraries are newer than the node's
make_mysql() {
	local root=$1/root/opt/mysql
	mkdir -p "${root%/*}" && chmod 755 "$1/root" "${root%/*}" &&
		apt_sources "$OLD_MYSQL_SUITE" | mmdebstrap --quiet --variant=extract --include="$(IFS=, && echo "${OLD_MYSQL_PACKAGES[*]}")" --aptopt='Acquire::Retries "5"' --aptopt='Acquire::Check-Valid-Until "false"' \
			--dpkgopt='path-exclude=/usr/share/doc/*' "$OLD_MYSQL_SUITE" "$root" - 7>&- 8>&- 9>&- && ln -s usr/lib usr/lib64 "$root"
}

# make_virtqemud TMP FINAL - the daemon and its units
make_virtqemud() {
	local out=$1/root
	mkdir -p "$out"/usr/{sbin,lib/systemd/system} && chmod -R 755 "$out" || return 1
	# shellcheck disable=SC2016 # the hook's own argument
	apt_sources "$IMAGE_SUITE" | sed 'p; s/^deb /deb-src /' | OUT=$out mmdebstrap --quiet --variant=minbase --format=null --include="$(IFS=, && echo "${OLD_LIBVIRT_BUILD[*]}")" \
		--aptopt='Acquire::Retries "5"' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--customize-hook='chroot "$1" sh -ec "cd /tmp; apt-get -qq source libvirt; cd libvirt-*/; meson setup build --prefix=/usr --sysconfdir=/etc --localstatedir=/var \
			--libdir=lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH) -Drunstatedir=/run -Dauto_features=disabled -Ddriver_remote=enabled -Ddriver_libvirtd=enabled -Ddriver_qemu=enabled \
			-Dlibnl=enabled -Dcapng=enabled -Dyajl=enabled -Dinit_script=systemd -Ddocs=disabled -Dtests=disabled; nice ninja -C build src/virtqemud; strip build/src/virtqemud" >&2 &&
			cp "$1"/tmp/libvirt-*/build/src/virtqemud "$OUT/usr/sbin" && cp "$1"/tmp/libvirt-*/build/src/virtqemud*.s* "$OUT/usr/lib/systemd/system"' \
		"$IMAGE_SUITE" - - >/dev/null 7>&- 8>&- 9>&-
}

# old_lower - the node's lower layers, as overlayfs takes them
old_lower() {
	local tree key layer mysql virtqemud
	tree=$(tree_dir "${OLD_PACKAGES[@]}") || return 1
	key=$({ echo "${OLD_MYSQL_PACKAGES[*]}" && declare -f make_mysql; } | hash_of) && mysql=$(cached mysql "$key" make_mysql) || return 1
	key=$({ apt_stamp "$IMAGE_SUITE" && echo "${OLD_LIBVIRT_BUILD[*]}" && declare -f make_virtqemud; } | hash_of) && virtqemud=$(cached virtqemud "$key" make_virtqemud) || return 1
	key=$({ echo "$tree" && find "$CLOUD_FILES" "$OLD_FILES" -type f -exec cat {} + &&
		declare -f make_old old_units old_jsvc old_jars old_webapp cloud_unit cloud_classes cloud_key; } | hash_of)
	layer=$(cached old "$key" make_old "$tree") && printf '%s:%s:%s:%s\n' "$layer/root" "$mysql/root" "$virtqemud/root" "$tree"
}

# old_own - what is started, and what of Debian's is not
old_own() {
	local dir=$STATE/nodes/cs2/upper/etc/systemd/system unit
	mkdir -p "$dir"/{multi-user,sockets}.target.wants || return 1
	for unit in "${OLD_STARTS[@]}"; do ln -s "/usr/lib/systemd/system/$unit.service" "$dir/multi-user.target.wants/$unit.service" || return 1; done
	for unit in "${OLD_SOCKETS[@]}"; do ln -s "/usr/lib/systemd/system/$unit" "$dir/sockets.target.wants/$unit" || return 1; done
	for unit in "${OLD_MASKED[@]}"; do ln -s /dev/null "$dir/$unit" || return 1; done
}

old_up() {
	local lower
	nspawn_running cs2 && [ -f "$STATE/old.whole" ] && return 0
	lower=$(old_lower) && rm -f "$STATE/old.whole" || return 1
	[ -f "$STATE/cs2.node" ] || { nspawn_new cs2 "$(nspawn_address cs2)" "$lower" && old_own; } || return 1
	nspawn_running cs2 || nspawn_start cs2 || return 1
	step 'old: login' nspawn_login cs2 && step 'old: healthy' old_ready || return 1
	deck_config old cs2 | sed 's/"node"/"management", "agent", "mysql"/' >"$RUN/old.cfg"
}

# old_ready - root comes in by the socket, as Ubuntu's MySQL has it; tables; then the API answers as one that is well, and the host is Up
old_ready() {
	wait_for 90 on cs2 'mysql -NBe "SELECT 1 FROM cloud_usage.usage_job" >/dev/null 2>&1 ||
		{ { echo "INSTALL PLUGIN auth_socket SONAME \"auth_socket.so\"; ALTER USER root@localhost IDENTIFIED WITH auth_socket;" && cat /etc/fdlab/schema.sql; } | mysql && systemctl restart cloudstack-management cloudstack-usage; }' &&
		wait_for 60 on cs2 "[ \"\$(curl -s -o /dev/null -m 3 -w '%{http_code}' 'http://127.0.0.1:8080/client/api?command=listCapabilities&response=json')\" = 401 ] &&
			[ \"\$(mysql -NBe \"SELECT status FROM cloud.host WHERE name = 'cs2'\")\" = Up ]"
}

old_down() { nspawn_part_down old cs2; }

old_status() { nspawn_part_status cs2; }
