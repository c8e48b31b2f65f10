# SPDX-License-Identifier: GPL-2.0-or-later
"""hadoop test where HDFS gives other bytes back than it was given, or none: a directory stands in for HDFS, which damages nothing."""
import subprocess

import pytest

from conftest import TOP

# Hadoop's own program: FsShell -put FROM TO, -get FROM TO, -rm -skipTrash PATH
SCRIPT = """cd backends/hadoop; hdfs=$1 damage=$2
fail() { printf 'error\t%s %s\n' "$1" "$2"; return 1; }
fd_now() { echo 0; }
. ./try.sh
hadoop_first() { hadoop_pid=$$; }
hadoop_why() { echo "$1"; }
hadoop_as() { id -u; }
hadoop_client() {
	echo "$3" >>"$hdfs/asked"
	case $3:$damage in
	-put:*) cp "$4" "$hdfs/file" ;;
	-get:bytes) sed 's/$/x/' "$hdfs/file" >"$5" ;;
	-get:empty) : >"$5" ;;
	-get:fails) echo 'BlockMissingException: no'; return 1 ;;
	-get:*) cp "$hdfs/file" "$5" ;;
	-rm:stays) echo 'Permission denied'; return 1 ;;
	-rm:*) rm "$hdfs/file" ;;
	esac
}
hadoop_test; echo "status $?"
"""


@pytest.mark.parametrize("damage, says", [
    ("none", "its checksum is the same: sha256 "), ("bytes", "what is read is not what was written"), ("empty", "what is read is not what was written"),
    ("fails", "read it back: BlockMissingException: no"), ("stays", "Permission denied")])
def test_what_comes_back(tmp_path, damage, says):
    done = subprocess.run(["sh", "-c", SCRIPT, "sh", str(tmp_path), damage], cwd=TOP, capture_output=True, text=True, timeout=30)
    assert says in done.stdout and done.stderr == "", done
    assert done.stdout.endswith("status %d\n" % (damage != "none"))
    assert ("its checksum is the same" in done.stdout) == (damage in ("none", "stays"))
    # whatever came back, it is asked for and deleted
    assert (tmp_path / "asked").read_text().split() == ["-put", "-get", "-rm"]
    assert (tmp_path / "file").exists() == (damage == "stays")
