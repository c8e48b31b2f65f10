// SPDX-License-Identifier: GPL-2.0-or-later
package org.apache.cloudstack;

/** A stand-in that java runs by its main, and jsvc by the methods that it asks for. */
public abstract class Program {
    protected abstract void serve() throws Exception;

    public final void init(String[] args) {
    }

    public final void start() {
        new Thread(() -> {
            try {
                serve();
            } catch (Exception e) {
                Lab.log("it has ended: " + e.getMessage());
            }
        }).start();
    }

    public final void stop() {
    }

    public final void destroy() {
    }
}
