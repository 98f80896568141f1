import asyncio


async def main():
    n = int(input())

    async def serve(reader, writer):
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    writer.write(b"%d\n" % (n * n))
    print(int(await reader.readline()))
    writer.close()
    server.close()


asyncio.run(main())
