// SPDX-License-Identifier: GPL-2.0-or-later
package org.apache.cloudstack;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** Stands in for CloudStack's management server: its API's answers, its heartbeat, its agents' port. See README.md. */
public final class ServerDaemon {
    private static final String CONF = "/etc/cloudstack/management/";
    private static final Map<String, Socket> AGENTS = new HashMap<>();
    private static String msid;
    private static HikariDataSource pool;
    private static Connection lock;
    private static long pingInterval;
    private static double pingTimeout;

    private ServerDaemon() {
    }

    public static void main(String[] args) throws Exception {
        Properties server = Lab.read(CONF + "server.properties");
        HttpServer http = HttpServer.create(new InetSocketAddress(Integer.parseInt(server.getProperty("http.port"))), 50);
        http.setExecutor(Executors.newCachedThreadPool());
        try {
            begin();
        } catch (Exception e) {
            Lab.log("Spring could not be started: " + e.getMessage());
            http.createContext("/", x -> answer(x, 503, "<html><body>HTTP ERROR 503 Service Unavailable</body></html>"));
            http.start();
            return;
        }
        http.createContext("/client/api", ServerDaemon::api);
        http.start();
        Lab.log("management server is up");
    }

    /** All but the API's port: in a Tomcat that is its own. */
    public static void begin() throws Exception {
        Properties db = Lab.read(CONF + "db.properties");
        msid = db.getProperty("lab.msid", "345049296663");
        pool = Lab.pool(db, "cloud");
        pingInterval = Math.round(Double.parseDouble(setting("ping.interval")) * 1000);
        pingTimeout = Double.parseDouble(setting("ping.timeout"));
        Lab.sql(pool, "UPDATE mshost SET state = 'Up', last_update = NOW(), alert_count = 0 WHERE msid = " + msid);
        Lab.every("lock", 300, ServerDaemon::keepLock);
        Lab.every("cluster heartbeat", 1500, () -> Lab.sql(pool, "UPDATE mshost SET last_update = NOW() WHERE msid = " + msid));
        Runtime.getRuntime().addShutdownHook(new Thread(ServerDaemon::end));
        SSLServerSocket agents = tls();
        new Thread(() -> accept(agents), "AgentManager").start();
    }

    /** Of the real one some connection is always in use: it holds its locks through them. */
    private static void keepLock() throws Exception {
        if (lock == null || !lock.isValid(1)) {
            if (lock != null) {
                lock.close();
            }
            lock = pool.getConnection();
        }
    }

    /** As after SIGTERM; SIGKILL leaves everything as it is. */
    private static void end() {
        try {
            Lab.sql(pool, "UPDATE host SET status = 'Disconnected', mgmt_server_id = NULL WHERE mgmt_server_id = " + msid);
            Lab.sql(pool, "UPDATE mshost SET state = 'Down' WHERE msid = " + msid);
        } catch (Exception e) {
            Lab.log("shutdown: " + e.getMessage());
        }
        Runtime.getRuntime().halt(143);
    }

    private static String setting(String name) throws Exception {
        try (Connection c = pool.getConnection(); Statement s = c.createStatement();
                ResultSet r = s.executeQuery("SELECT value FROM configuration WHERE name = '" + name + "'")) {
            r.next();
            return r.getString(1);
        }
    }

    private static SSLServerSocket tls() throws Exception {
        char[] secret = "vmops.com".toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(CONF + "cloud.jks")) {
            keys.load(in, secret);
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance("SunX509");
        managers.init(keys, secret);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return (SSLServerSocket) context.getServerSocketFactory().createServerSocket(8250, 50);
    }

    private static void accept(SSLServerSocket agents) {
        while (true) {
            try {
                Socket s = agents.accept();
                new Thread(() -> serve(s), "AgentConnection").start();
            } catch (IOException e) {
                Lab.log("agents: " + e.getMessage());
            }
        }
    }

    /** One agent: Up while it pings, Alert when it is gone or behind. */
    private static void serve(Socket s) {
        String guid = null;
        try (s; BufferedReader in = new BufferedReader(new InputStreamReader(s.getInputStream()))) {
            s.setSoTimeout((int) (pingInterval * pingTimeout));
            guid = in.readLine();
            if (guid == null || !guid.matches("[0-9a-f-]{36}")) {
                return;
            }
            connected(guid, s);
            s.getOutputStream().write((pingInterval + "\n").getBytes());
            while (in.readLine() != null) {
                s.getOutputStream().write("pong\n".getBytes());
            }
            Lab.log(guid + " has ended its connection");
        } catch (Exception e) {
            Lab.log(guid + " is behind on ping or has disconnected: " + e.getMessage());
        }
        disconnected(guid, s);
    }

    /** An agent of which this cannot be written down has to come again. */
    private static synchronized void connected(String guid, Socket s) throws Exception {
        status(guid, "Up");
        AGENTS.put(guid, s);
    }

    /** An agent that came anew is not in Alert because its old connection has ended at last. */
    private static synchronized void disconnected(String guid, Socket s) {
        if (AGENTS.remove(guid, s)) {
            try {
                status(guid, "Alert");
            } catch (Exception e) {
                Lab.log("host " + guid + " is not known to be in Alert: " + e.getMessage());
            }
        }
    }

    private static void status(String guid, String what) throws Exception {
        Lab.sql(pool, "UPDATE host SET status = '" + what + "', mgmt_server_id = " + msid + " WHERE guid = '" + guid + "'");
    }

    /** What is answered. */
    public record Reply(int status, String body) {
    }

    /** Who is not logged in gets 401; a signed listHosts asks the database, and is empty when that has no connection. */
    public static Reply reply(String query) {
        if (!query.contains("signature=")) {
            return new Reply(401, "{\"listcapabilitiesresponse\":{\"uuidList\":[],\"errorcode\":401,\"errortext\":\"unable to verify user credentials\"}}");
        }
        StringBuilder hosts = new StringBuilder();
        try (Connection c = pool.getConnection(); Statement s = c.createStatement();
                ResultSet r = s.executeQuery("SELECT name, status FROM host WHERE removed IS NULL AND type = 'Routing' ORDER BY id")) {
            while (r.next()) {
                hosts.append(hosts.length() > 0 ? "," : "").append("{\"name\":\"" + r.getString(1) + "\",\"state\":\"" + r.getString(2) + "\"}");
            }
        } catch (Exception e) {
            Lab.log(e.getMessage());
            return new Reply(200, "");
        }
        return new Reply(200, "{\"listhostsresponse\":{\"host\":[" + hosts + "]}}");
    }

    private static void api(HttpExchange x) throws IOException {
        Reply reply = reply(String.valueOf(x.getRequestURI().getQuery()));
        answer(x, reply.status(), reply.body());
    }

    private static void answer(HttpExchange x, int status, String body) throws IOException {
        byte[] bytes = body.getBytes();
        x.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        x.getResponseBody().write(bytes);
        x.close();
    }
}
