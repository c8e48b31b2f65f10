// SPDX-License-Identifier: GPL-2.0-or-later
package com.cloud.api;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.cloudstack.ServerDaemon;

/** The management server as old versions had it: the same stand-in, in a Tomcat. */
public final class ApiServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    public void init() throws ServletException {
        try {
            ServerDaemon.begin();
        } catch (Exception e) {
            throw new ServletException(e);
        }
    }

    @Override
    protected void doGet(HttpServletRequest q, HttpServletResponse a) throws IOException {
        ServerDaemon.Reply reply = ServerDaemon.reply(String.valueOf(q.getQueryString()));
        a.setStatus(reply.status());
        a.getOutputStream().write(reply.body().getBytes());
    }
}
