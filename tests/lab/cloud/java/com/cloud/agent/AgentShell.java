// SPDX-License-Identifier: GPL-2.0-or-later
package com.cloud.agent;

import java.io.BufferedReader;
import java.io.File;
import java.io.FileWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.apache.cloudstack.Lab;
import org.apache.cloudstack.Program;

/** Stands in for CloudStack's agent: its connection with back-off, its pings, its heartbeat on the storage. See README.md. */
public final class AgentShell extends Program {
    private static Properties conf;

    public static void main(String[] args) throws Exception {
        new AgentShell().serve();
    }

    @Override
    protected void serve() throws Exception {
        conf = Lab.read("/etc/cloudstack/agent/agent.properties");
        Lab.every("KVMHAMonitor", Long.parseLong(conf.getProperty("kvm.heartbeat.update.frequency", "60000")), AgentShell::beat);
        while (true) {
            for (String host : conf.getProperty("host").split(",")) {
                try {
                    connect(host.trim());
                } catch (Exception e) {
                    Lab.log("lost connection to " + host + ": " + e.getMessage());
                }
            }
            Thread.sleep(Long.parseLong(conf.getProperty("backoff.seconds", "5")) * 1000);
        }
    }

    private static void connect(String host) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Anybody()}, null);
        int port = Integer.parseInt(conf.getProperty("port", "8250"));
        Socket plain = new Socket();
        plain.connect(new InetSocketAddress(host, port), 3000);
        plain.setSoTimeout(5000); // a handshake that nobody answers
        try (Socket s = context.getSocketFactory().createSocket(plain, host, port, true)) {
            s.getOutputStream().write((conf.getProperty("guid") + "\n").getBytes());
            BufferedReader in = new BufferedReader(new InputStreamReader(s.getInputStream()));
            long interval = Long.parseLong(in.readLine());
            Lab.log("connected to " + host + ", ping interval " + interval);
            Thread pings = new Thread(() -> ping(s, interval));
            pings.start();
            s.setSoTimeout((int) (4 * interval)); // the server answers pings: one that has not for so long is gone
            try {
                while (in.readLine() != null) {
                    continue;
                }
            } finally {
                pings.interrupt();
            }
            throw new IOException("the server has ended it");
        }
    }

    private static void ping(Socket s, long interval) {
        try {
            while (true) {
                Thread.sleep(interval);
                s.getOutputStream().write("ping\n".getBytes());
            }
        } catch (Exception e) {
            Lab.log("ping: " + e.getMessage());
        }
    }

    /** The real one would reboot this host through sysrq. This one says so. */
    private static void beat() throws Exception {
        int tries = Integer.parseInt(conf.getProperty("kvm.heartbeat.update.max.tries", "5"));
        for (int i = 1;; i++) {
            try {
                beatOnce();
                return;
            } catch (IOException e) {
                Lab.log("heartbeat, try " + i + ": " + e.getMessage());
            }
            if (i >= tries) {
                Lab.log("true".equals(conf.getProperty("reboot.host.and.alert.management.on.heartbeat.timeout", "true"))
                        ? "heartbeat failed: the real agent would reboot this host now" : "heartbeat failed: no reboot, it is turned off");
                return;
            }
            Thread.sleep(Long.parseLong(conf.getProperty("kvm.heartbeat.update.retry.sleep", "10000")));
        }
    }

    private static void beatOnce() throws IOException {
        File dir = new File("/mnt/" + conf.getProperty("local.storage.uuid"), "KVMHA");
        dir.mkdir();
        try (FileWriter out = new FileWriter(new File(dir, "hb-" + conf.getProperty("private.ip")))) {
            out.write(System.currentTimeMillis() / 1000 + "\n");
        }
    }

    /** Takes any certificate. */
    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
