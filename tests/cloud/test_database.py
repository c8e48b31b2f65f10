# SPDX-License-Identifier: GPL-2.0-or-later
"""db-limit and db-restore: what the pool of the management server sees, and that every account is as it was."""
import pytest

from conftest import LIMIT, SIGNED, wait

ACCOUNTS = "mariadb -NBr -e \"SELECT Host, Priv FROM mysql.global_priv WHERE User LIKE 'cloud%' ORDER BY Host; SHOW CREATE USER 'cloud'@'localhost'; SHOW CREATE USER 'cloud'@'%'\""
CLIENT = "mariadb -h127.0.0.1 -ucloud -pcloudsecret -NBe 'SELECT 7'"


@pytest.fixture
def accounts(lab, deck):
    """One without a limit of its own, one with 0, in the memory of the server and on disk: what they are."""
    lab.on("mgmt", """mariadb -e "ALTER USER 'cloud'@'%' WITH MAX_USER_CONNECTIONS 0; UPDATE mysql.global_priv SET Priv = JSON_REMOVE(Priv, '$.max_user_connections') WHERE User = 'cloud' AND Host = 'localhost';
        FLUSH PRIVILEGES" """.replace("$", "\\$"))
    before = lab.on("mgmt", ACCOUNTS)
    assert '"max_user_connections":0' in before and before.count("max_user_connections") == 1
    yield before
    lab.on("mgmt", "mariadb -e \"ALTER USER 'cloud'@'%' WITH MAX_USER_CONNECTIONS 0\"", check=False)


def listed(lab, limit=6):
    return lab.call(SIGNED, limit=limit)[1]


def test_limit_of_the_account(lab, deck, accounts):
    assert '"state":"Up"' in listed(lab)
    deck("--yes", "cloudstack", "db-limit", "1", "ttl=5m")
    # the pool keeps what it gets, and nobody else gets one
    wait("a client of that account is refused", lambda: "ERROR 1226" in lab.on("mgmt", CLIENT, check=False), LIMIT)
    wait("a signed call comes back empty", lambda: lab.call(SIGNED, limit=8)[:2] == (200, ""), LIMIT)
    wait("its log says why", lambda: "Connection is not available, request timed out" in lab.on("mgmt", "journalctl -u cloudstack-management --since -1min"), LIMIT)
    assert not lab.goes_on(lab.beats, 3) and lab.call()[0] == 401 and lab.sql("SELECT 7") == "7"
    limited = lab.on("mgmt", ACCOUNTS)
    assert limited.count("MAX_USER_CONNECTIONS 1") == 2 and limited.split("CREATE")[0] == accounts.split("CREATE")[0]
    assert "already" in deck("--yes", "cloudstack", "db-limit", "2", code=1).out
    ident = deck("list", "injections").one("injection")["id"]
    server = lab.on("mgmt", "systemctl show -p MainPID --value cloudstack-management")
    deck("cloudstack", "db-restore")
    wait("it heals", lambda: '"state":"Up"' in listed(lab, 1), 1)
    assert lab.on("mgmt", "systemctl show -p MainPID --value cloudstack-management") == server
    assert lab.on("mgmt", ACCOUNTS) == accounts
    deck("restore", ident, code=None)
    assert lab.on("mgmt", ACCOUNTS) == accounts


def test_odd_limit_comes_back(lab, deck, accounts):
    lab.on("mgmt", "mariadb -e \"ALTER USER 'cloud'@'%' WITH MAX_USER_CONNECTIONS 7\"")
    before = lab.on("mgmt", ACCOUNTS)
    deck("--yes", "--ttl", "3s", "cloudstack", "db-limit")
    assert lab.on("mgmt", ACCOUNTS).count("MAX_USER_CONNECTIONS 1") == 2
    wait("the node has ended it by itself", lambda: lab.on("mgmt", ACCOUNTS) == before, 10)
    assert "MAX_USER_CONNECTIONS 7" in before


def test_database_that_restarts_meanwhile(lab, deck, accounts):
    """On disk nothing was changed, so that it comes back without the limit; and the restore finds that out."""
    ident = deck.break_("db-limit", "mysql@mgmt")
    lab.on("mgmt", "systemctl kill -s KILL mariadb; systemctl restart mariadb")
    assert lab.on("mgmt", ACCOUNTS) == accounts
    deck.restored(ident)
    assert lab.on("mgmt", ACCOUNTS) == accounts


def test_limit_of_all(lab, deck):
    lab.on("mgmt", "mariadb -e 'SET GLOBAL max_connections = 137'")
    try:
        assert "10 connections" in deck.refused("--yes", "cloudstack", "db-limit", "9", "mode=global")
        deck("--yes", "cloudstack", "db-limit", "10", "mode=global", "ttl=5m")
        assert lab.sql("SELECT @@max_connections") == "10"
        lab.on("mgmt", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (mariadb -h127.0.0.1 -ucloud -pcloudsecret -e 'SELECT SLEEP(60)' >/dev/null 2>&1 &) ; done")
        wait("the server is full", lambda: "ERROR 1040" in lab.on("mgmt", CLIENT, check=False), LIMIT)
        # also for its administrator, where somebody has the place that is kept free for him
        deck("cloudstack", "db-restore")
        assert lab.sql("SELECT @@max_connections") == "137" and "7\n" in lab.on("mgmt", CLIENT)
    finally:
        lab.on("mgmt", "pkill -f SLEEP; mariadb -e 'SET GLOBAL max_connections = 151'", check=False)


BAD = {("0",): "from 1 to 100000", ("1000000000",): "from 1 to 100000", ("-5",): "no such option", ("1", "user=root"): "never limited",
       ("1", "user=nobody-here"): "no account"}


def test_refused(lab, deck):
    before = lab.on("mgmt", ACCOUNTS)
    for words, why in BAD.items():
        assert why in deck.refused("--yes", "cloudstack", "db-limit", *words)
    assert lab.on("mgmt", ACCOUNTS) == before


def test_a_database_that_lets_nobody_in(lab, deck):
    lab.on("mgmt", "mkdir -p /root; printf '[client]\\nuser=cloud\\npassword=wrong\\n' >/root/.my.cnf")
    try:
        assert "does not let its administrator in" in deck.refused("--yes", "cloudstack", "db-limit")
    finally:
        lab.on("mgmt", "rm /root/.my.cnf")
