#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""relay.py PORT HOST MS: HOST's port 22 on 127.0.0.1:PORT, MS later each way, as if it were in another town."""
import asyncio
import sys


async def carry(reader, writer, seconds):
    """Whatever comes goes on so much later, however much is under way."""
    loop = asyncio.get_running_loop()

    def write(data):
        if not writer.is_closing():
            writer.write(data) if data else writer.close()
    while True:
        data = await reader.read(1 << 16)
        loop.call_later(seconds, write, data)
        if not data:
            return


async def main(port, host, ms):
    async def meet(reader, writer):
        there = await asyncio.open_connection(host, 22)
        await asyncio.gather(carry(reader, there[1], int(ms) / 1000), carry(there[0], writer, int(ms) / 1000), return_exceptions=True)
    async with await asyncio.start_server(meet, "127.0.0.1", int(port)) as server:
        print("ready", flush=True)
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
