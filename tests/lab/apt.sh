# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian packages of other suites and architectures, through an apt state of our own:
# the machine's own lists, architectures and installed packages are neither read nor changed.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror LABEL - where the machine itself gets Debian (or Debian-Security) from
mirror() {
	local tail=/debian/ uri
	[ "$1" = Debian ] || tail=/debian-security/
	# shellcheck disable=SC2016 # apt-get's own variable
	for uri in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sort -u); do
		case $uri in *"$tail") printf '%s\n' "$uri" && return ;; esac
	done
	die "no apt source of this machine ends in $tail: add Debian's own sources"
}

apt_sources() {
	local suite=$1 main security
	main=$(mirror Debian) && security=$(mirror Debian-Security) || return 1
	# bullseye's last updates are listed, but no longer there; sid and backports have neither updates nor security
	case $suite in bullseye | sid | *-backports)
		printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$main" "$suite"
		return
		;;
	esac
	printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$main" "$suite" "$KEYRING" "$main" "$suite-updates" \
		"$KEYRING" "$security" "$suite-security"
}

apt_conf() {
	local dir=$1
	cat <<-EOF
		Dir::State "$dir/state";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; "$(dpkg --print-architecture)"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
		Acquire::Retries "2";
		Debug::NoLocking "true";
		#clear APT::Update::Post-Invoke;
		#clear DPkg::Post-Invoke;
	EOF
}

# apt_dir SUITE - print the suite's private state, made with fresh lists where there is none yet
apt_dir() {
	local dir=$CACHE/apt/$1
	[ -f "$dir/ready" ] || locked apt make_apt_dir "$1" "$dir" >&2 || return 1
	printf '%s\n' "$dir"
}

make_apt_dir() {
	[ ! -f "$2/ready" ] || return 0 # while we waited
	mkdir -p "$2/state/lists/partial" "$2/cache/archives/partial"
	: >"$2/status"
	apt_sources "$1" >"$2/sources.list" &&
		apt_conf "$2" >"$2/apt.conf" &&
		apt-get -qq -c "$2/apt.conf" update &&
		: >"$2/ready"
}

# apt_stamp SUITE - changes whenever the suite's lists do
apt_stamp() {
	local dir
	dir=$(apt_dir "$1") && cat "$dir"/state/lists/*_InRelease | hash_of
}

# apt_refresh SUITE - fetch the lists again at the next use
apt_refresh() { rm -f "$CACHE/apt/$1/ready"; }

# apt_depends SUITE PACKAGE PATTERN - the first dependency whose name matches
apt_depends() {
	local dir
	dir=$(apt_dir "$1") || return 1
	apt-cache -c "$dir/apt.conf" depends "$2" | sed -n "s/^ *Depends: \($3\)\(:.*\)\{0,1\}\$/\1/p" | head -n 1
}

# apt_fetch SUITE DEST PACKAGE… - download exactly these. Debian drops a package when it is
# superseded, so that lists of yesterday can name files that are gone: then once more with fresh ones.
apt_fetch() {
	local suite=$1 dest=$2 dir
	shift 2
	dir=$(apt_dir "$suite") || return 1
	(cd "$dest" && apt-get -qq -c "$dir/apt.conf" download "$@") && return
	apt_refresh "$suite"
	apt_dir "$suite" >/dev/null && (cd "$dest" && apt-get -qq -c "$dir/apt.conf" download "$@")
}

# unpack DEST DEB… - without maintainer scripts; keeps the links of a merged /usr
unpack() {
	local dest=$1 deb
	shift
	for deb in "$@"; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dest" || return 1
	done
}
