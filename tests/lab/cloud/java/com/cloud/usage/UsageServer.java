// SPDX-License-Identifier: GPL-2.0-or-later
package com.cloud.usage;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Properties;
import org.apache.cloudstack.Lab;
import org.apache.cloudstack.Program;

/** Stands in for CloudStack's usage server: its heartbeat in the database, and nothing else. See README.md. */
public final class UsageServer extends Program {
    public static void main(String[] args) throws Exception {
        new UsageServer().serve();
    }

    @Override
    protected void serve() throws Exception {
        Properties db = Lab.read("/etc/cloudstack/management/db.properties");
        HikariDataSource pool = Lab.pool(db, "usage");
        Lab.every("heartbeat", Long.parseLong(db.getProperty("lab.usage.heartbeat", "60000")),
                () -> Lab.sql(pool, "UPDATE usage_job SET heartbeat = NOW(), pid = " + ProcessHandle.current().pid() + " WHERE id = 1"));
        Thread.currentThread().join();
    }
}
