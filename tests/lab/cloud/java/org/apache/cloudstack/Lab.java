// SPDX-License-Identifier: GPL-2.0-or-later
package org.apache.cloudstack;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** What the stand-ins share: property files, the pool, and a line of a log with its time. */
public final class Lab {
    private Lab() {
    }

    public static Properties read(String path) throws IOException {
        Properties p = new Properties();
        try (InputStream in = new FileInputStream(path)) {
            p.load(in);
        }
        return p;
    }

    public static HikariDataSource pool(Properties db, String name) {
        HikariConfig c = new HikariConfig();
        c.setPoolName(name);
        c.setJdbcUrl("jdbc:mariadb://" + db.getProperty("db." + name + ".host") + ":" + db.getProperty("db." + name + ".port") + "/"
                + db.getProperty("db." + name + ".name") + db.getProperty("lab.jdbc", ""));
        c.setUsername(db.getProperty("db." + name + ".username"));
        c.setPassword(db.getProperty("db." + name + ".password"));
        c.setMaximumPoolSize(Integer.parseInt(db.getProperty("db." + name + ".maxActive")));
        c.setMinimumIdle(Integer.parseInt(db.getProperty("db." + name + ".minIdleConnections", "4")));
        c.setConnectionTimeout(Long.parseLong(db.getProperty("db." + name + ".connectionTimeout", "30000")));
        c.setValidationTimeout(1000);
        return new HikariDataSource(c);
    }

    public static void sql(HikariDataSource pool, String statement) throws SQLException {
        try (Connection c = pool.getConnection(); Statement s = c.createStatement()) {
            s.executeUpdate(statement);
        }
    }

    public static void log(String text) {
        System.out.println(java.time.LocalTime.now() + " " + text);
    }

    /** For ever, each time after PERIOD ms, whatever came of the last time. */
    public static void every(String name, long period, Job job) {
        Thread t = new Thread(() -> {
            while (true) {
                try {
                    job.run();
                } catch (Exception e) {
                    log(name + ": " + e.getMessage());
                }
                try {
                    Thread.sleep(period);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }, name);
        t.setDaemon(true);
        t.start();
    }

    /** Something that may fail. */
    public interface Job {
        void run() throws Exception;
    }
}
