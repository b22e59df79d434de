"""Counts what goes through a Unix socket: relay.py LISTEN CONNECT REPORT; a SIGUSR1 writes the bytes so far, both ways, to REPORT and begins anew."""
import asyncio
import os
import signal
import sys

listen, connect, report = sys.argv[1:4]
count = 0


async def pump(reader, writer):
    global count
    try:
        while data := await reader.read(65536):
            count += len(data)
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def serve(reader, writer):
    far_reader, far_writer = await asyncio.open_unix_connection(connect)
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


def tell():
    global count
    with open(report + ".new", "w") as out:
        out.write(f"{count}\n")
    os.rename(report + ".new", report)
    count = 0


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
    server = await asyncio.start_unix_server(serve, listen)
    os.chmod(listen, 0o777)
    async with server:
        await server.serve_forever()

asyncio.run(main())
