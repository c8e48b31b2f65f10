# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part `hadoop`: master (NameNode, SecondaryNameNode, ResourceManager, JobHistoryServer), slave1 and slave2 (DataNode,
# NodeManager), and build/lab/hadoop.cfg for the deck. HADOOP=3.3.6|3.4.2|3.5.0 chooses the version.

HADOOP_VERSION=${HADOOP:-3.4.2}
HADOOP_FILES=$LAB/hadoop
HADOOP_NODES=(master slave1 slave2)
# Bigtop's name of the unit, user, program, subcommand, and where it runs
HADOOP_DAEMONS='
hadoop-hdfs-namenode hdfs hdfs namenode master
hadoop-hdfs-secondarynamenode hdfs hdfs secondarynamenode master
hadoop-yarn-resourcemanager yarn yarn resourcemanager master
hadoop-mapreduce-historyserver mapred mapred historyserver master
hadoop-hdfs-datanode hdfs hdfs datanode slave
hadoop-yarn-nodemanager yarn yarn nodemanager slave
'

# make_jars VERSION TMP FINAL - Maven's own cache is kept beside ours, so that another version fetches what differs
make_jars() {
	mvn --quiet --batch-mode --file "$HADOOP_FILES/pom.xml" -Dmaven.repo.local="$CACHE/maven" "-Dhadoop.version=$1" \
		dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$2/jars" &&
		compgen -G "$2/jars/hadoop-hdfs-$1.jar" >/dev/null
}

hadoop_jars() {
	local key
	key=$({ cat "$HADOOP_FILES/pom.xml" && declare -f make_jars && echo "$HADOOP_VERSION"; } | hash_of)
	cached hadoop-jars "$key" make_jars "$HADOOP_VERSION"
}

# hadoop_users ROOT TREE - hdfs, yarn and mapred, beside those of the tree
hadoop_users() {
	local user
	mkdir -p "$1/etc" && cp -a "$2"/etc/{passwd,group,shadow,gshadow} "$1/etc" || return 1
	groupadd --prefix "$1" --system hadoop
	for user in hdfs yarn mapred; do
		useradd --prefix "$1" --system --gid hadoop --home-dir "/var/lib/hadoop" --shell /bin/bash "$user" || return 1
	done
}

# hadoop_units ROOT - started by the daemon script, known by their pid files
hadoop_units() {
	local dir=$1/usr/lib/systemd/system unit user prog sub
	mkdir -p "$dir" "$1/usr/lib/tmpfiles.d" &&
		echo 'd /run/hadoop 1777 root root' >"$1/usr/lib/tmpfiles.d/hadoop.conf" || return 1
	while read -r unit user prog sub _; do
		[ -n "$unit" ] || continue
		cat >"$dir/$unit.service" <<-UNIT
			[Unit]
			Description=Hadoop $sub
			After=network.target
			[Service]
			Type=forking
			User=$user
			PIDFile=/run/hadoop/hadoop-$user-$sub.pid
			ExecStart=/usr/bin/$prog --config /etc/hadoop/conf --daemon start $sub
			ExecStop=/usr/bin/$prog --config /etc/hadoop/conf --daemon stop $sub
			SuccessExitStatus=143
			TimeoutStartSec=60
			[Install]
			WantedBy=multi-user.target
		UNIT
	done <<<"$HADOOP_DAEMONS"
}

# hadoop_format ROOT JARS - an empty file system, so that no start has to make one
hadoop_format() {
	java -Xshare:auto -XX:TieredStopAtLevel=1 --add-opens=java.base/java.lang=ALL-UNNAMED -cp "$1/etc/hadoop/conf:$2/jars/*" \
		org.apache.hadoop.hdfs.server.namenode.NameNode "-Ddfs.namenode.name.dir=$1/var/lib/hadoop/name" \
		-format -nonInteractive >"$1/format.log" 2>&1 || { tail -n 5 "$1/format.log" >&2 && return 1; }
	rm "$1/format.log"
	chown -R --reference="$1/var/lib/hadoop/data" "$1/var/lib/hadoop/name"
}

# make_hadoop JARS TREE TMP FINAL - the layer over the tree
make_hadoop() {
	local jars=$1 tree=$2 root=$3/root prog web
	mkdir -p "$root"/{opt/hadoop/bin,etc/hadoop,usr/bin,var/lib/hadoop/data,var/log/hadoop} &&
		cp -a "$jars/jars" "$root/opt/hadoop/jars" && cp -a "$HADOOP_FILES/conf" "$root/etc/hadoop/conf" &&
		cp "$HADOOP_FILES/health.sh" "$root/etc/hadoop/health.sh" || return 1
	for web in hdfs secondary datanode journal router nfs3; do
		mkdir -p "$root/opt/hadoop/web/webapps/$web" # a daemon wants the directory of its pages
	done
	install -m 755 "$HADOOP_FILES/launch" "$root/opt/hadoop/bin/hadoop"
	for prog in hadoop hdfs yarn mapred; do
		[ "$prog" = hadoop ] || ln -s hadoop "$root/opt/hadoop/bin/$prog"
		ln -s "/opt/hadoop/bin/$prog" "$root/usr/bin/$prog"
	done
	hadoop_users "$root" "$tree" && hadoop_units "$root" || return 1
	chown "$(awk -F: '$1 == "hdfs" { print $3 ":" $4 }' "$root/etc/passwd")" "$root/var/lib/hadoop/data"
	chmod 1777 "$root/var/lib/hadoop" "$root/var/log/hadoop"
	chmod 700 "$root/var/lib/hadoop/data"
	hadoop_format "$root" "$jars"
}

# hadoop_lower - the node's lower layers, as overlayfs takes them
hadoop_lower() {
	local tree jars key layer
	tree=$(tree_dir default-jre-headless) && jars=$(hadoop_jars) || return 1
	key=$({ echo "$tree $jars $HADOOP_DAEMONS" && find "$HADOOP_FILES" -type f -exec cat {} + &&
		declare -f make_hadoop hadoop_users hadoop_units hadoop_format; } | hash_of)
	layer=$(cached hadoop "$key" make_hadoop "$jars" "$tree") && printf '%s:%s\n' "$layer/root" "$tree"
}

# hadoop_own NODE - what differs between nodes is in the upper layer: the daemons that it starts; slave2 has no health script
hadoop_own() {
	local upper=$STATE/nodes/$1/upper lower=$2 wants unit where
	wants=$upper/etc/systemd/system/multi-user.target.wants
	mkdir -p "$wants" "$upper/etc/hadoop/conf" || return 1
	while read -r unit _ _ _ where; do
		# the history server wants directories that hadoop_ready makes
		[[ -n $unit && $1 = "$where"* && $unit != hadoop-mapreduce-historyserver ]] || continue
		ln -s "/usr/lib/systemd/system/$unit.service" "$wants/$unit.service" || return 1
	done <<<"$HADOOP_DAEMONS"
	[ "$1" != slave2 ] ||
		sed '/health-checker.script.path/d' "${lower%%:*}/etc/hadoop/conf/yarn-site.xml" >"$upper/etc/hadoop/conf/yarn-site.xml"
}

# hadoop_up
hadoop_up() {
	local lower name
	nspawn_running master && nspawn_running slave1 && nspawn_running slave2 && [ -f "$STATE/hadoop.whole" ] && return 0
	lower=$(hadoop_lower) && rm -f "$STATE/hadoop.whole" || return 1
	for name in "${HADOOP_NODES[@]}"; do
		if [ ! -f "$STATE/$name.node" ]; then
			nspawn_new "$name" "$(nspawn_address "$name")" "$lower" && hadoop_own "$name" "$lower" || return 1
		fi
		nspawn_running "$name" || nspawn_start "$name" || return 1
	done
	step 'hadoop: login' nspawn_login "${HADOOP_NODES[@]}" && step 'hadoop: all daemons live' hadoop_ready || return 1
	hadoop_config >"$RUN/hadoop.cfg"
}

hadoop_asks() { on master "curl -s -m 3 'http://master:$1'"; }

hadoop_hdfs_live() { hadoop_asks '9870/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState' | grep -q '"NumLiveDataNodes" : 2'; }
hadoop_yarn_live() { hadoop_asks 8088/ws/v1/cluster/metrics | grep -q '"activeNodes":2'; }
hadoop_history_live() { hadoop_asks 19888/ws/v1/history/info | grep -q hadoopVersion; }

# hadoop_dirs - what users expect, through the NameNode itself: a client would start a JVM for each
# shellcheck disable=SC2016 # expands on the node
hadoop_dirs() {
	on master 'for d in /tmp:1777:hdfs /user:755:hdfs /user/root:755:root /tmp/hadoop-yarn:1777:mapred /tmp/hadoop-yarn/staging:1777:mapred \
		/tmp/hadoop-yarn/staging/history:755:mapred; do
		u=http://master:9870/webhdfs/v1${d%%:*} m=${d#*:}
		curl -sf -m 5 -X PUT "$u?op=MKDIRS&permission=${m%:*}&user.name=hdfs" &&
			curl -sf -m 5 -X PUT "$u?op=SETOWNER&owner=${m#*:}&group=hadoop&user.name=hdfs" || exit 1
	done'
}

hadoop_history() { on master 'systemctl --quiet enable --now hadoop-mapreduce-historyserver'; }

# hadoop_wait WHAT COMMAND
hadoop_wait() { wait_for 120 "$2" || { say "hadoop: not within two minutes: $1" && return 1; }; }

# hadoop_ready - two DataNodes and NodeManagers counted, the directories that users expect, history reachable
hadoop_ready() {
	hadoop_wait 'the NameNode counts two DataNodes' hadoop_hdfs_live &&
		hadoop_wait 'directories in HDFS' hadoop_dirs &&
		hadoop_wait 'the start of the JobHistoryServer' hadoop_history &&
		hadoop_wait 'the ResourceManager counts two NodeManagers' hadoop_yarn_live &&
		hadoop_wait 'the JobHistoryServer answers' hadoop_history_live
}

hadoop_down() { nspawn_part_down hadoop "${HADOOP_NODES[@]}"; }

hadoop_status() { nspawn_part_status "${HADOOP_NODES[@]}"; }

# hadoop_config - a cluster.cfg of these nodes alone
hadoop_config() {
	cat <<-EOF
		cluster = "hadoop";
		banner = "green";
		ssh_config = "$RUN/ssh_config";
		nodes = (
			{ name = "master"; host = "10.77.0.10"; user = "root"; roles = ( "namenode", "secondarynamenode", "resourcemanager", "historyserver" ); disposable = true; },
			{ name = "slave1"; host = "10.77.0.11"; user = "root"; roles = ( "datanode", "nodemanager" ); disposable = true; },
			{ name = "slave2"; host = "10.77.0.12"; user = "root"; roles = ( "datanode", "nodemanager" ); disposable = true; }
		);
		guard = { max_nodes = 3; max_injections = 20; max_ttl = "10m"; };
	EOF
}

# ---- a DataNode on an emulated host, whose kernel has what this machine's has not ----

# make_arm_java TMP FINAL - a JRE as it lies on a Debian of that architecture; what it needs the host's image has
make_arm_java() {
	mkdir "$1/root" && apt_fetch "$IMAGE_SUITE" "$1" openjdk-17-jre-headless && unpack "$1/root" "$1"/*.deb && rm "$1"/*.deb
}

# arm_datanode_files LAYER JAVA - as a tar: Java, and of the lab's Hadoop what a DataNode loads
arm_datanode_files() {
	tar -c -C "$2/root" usr/lib/jvm etc/java-17-openjdk -C "$1" --exclude='*yarn*.jar' --exclude='*mapreduce*.jar' opt/hadoop etc/hadoop
}

# A second of this machine is a minute there: no check of what Maven has checked.
# shellcheck disable=SC2016 # expands on the node
ARM_DATANODE='
for node in 10:master 11:slave1 12:slave2; do
	grep -q " ${node#*:}$" /etc/hosts || echo "10.77.0.${node%:*} ${node#*:}" >>/etc/hosts
done
mkdir -p /var/lib/hadoop/data /var/log/hadoop /run/hadoop && chmod 700 /var/lib/hadoop/data
export JAVA_HOME=/usr/lib/jvm/java-17-openjdk-arm64
export JAVA_TOOL_OPTIONS="-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
/opt/hadoop/bin/hdfs --daemon start datanode'

arm_datanode_live() { hadoop_asks '9870/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo' | grep '"LiveNodes"' | grep -qF "$1:9866"; }

# lab datanode NODE - one more for the cluster, on an emulated host
verb_datanode() {
	local node=${1:?datanode NODE} lower java address
	if [ ! -f "$STATE/hadoop.whole" ] || ! emu_running "$node"; then die "hadoop and $node must be up"; fi
	address=$(sed -n 1p "$STATE/$node.emu")
	lower=$(hadoop_lower) && java=$(cached arm-java "$({ apt_stamp "$IMAGE_SUITE" && declare -f make_arm_java; } | hash_of)" make_arm_java) || exit 1
	on "$node" '[ -d /usr/lib/jvm ]' || arm_datanode_files "${lower%%:*}" "$java" | step "$node: files" on "$node" 'tar -x -C /' || exit 1
	on "$node" "$ARM_DATANODE" || exit 1
	step "$node: its DataNode is live" wait_for 400 arm_datanode_live "$address" || { on "$node" 'tail -n 5 /var/log/hadoop/*' >&2 && exit 1; }
}
