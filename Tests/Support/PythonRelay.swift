internal import Sockets

/// A program that takes clients and passes on what they and a server say.
struct PythonRelay {
  /// Where it listens.
  let address: SocketAddress
  let process: Subprocess

  /// Starts it.
  ///
  /// - Parameters:
  ///   - target: whom it connects each client with, on this machine.
  ///   - milliseconds: by how much later whatever a client sends comes there.
  ///   - context: Python's settings of `context`, an `ssl.SSLContext` by which clients come; nil for those that come without TLS.
  init(to target: SocketAddress, milliseconds: Int = 0, context: String? = nil) throws {
    process = try Subprocess(
      "python3",
      [
        "-c",
        """
        import asyncio, ssl
        context = \(context == nil ? "None" : "ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)")
        \(context ?? "")
        async def pump(reader, writer, delay):
            try:
                while data := await reader.read(65536):
                    if delay:
                        await asyncio.sleep(delay)
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
            writer.close()
        async def serve(reader, writer):
            there, back = await asyncio.open_connection("127.0.0.1", \(target.port ?? 0))
            await asyncio.gather(pump(reader, back, \(milliseconds) / 1000), pump(there, writer, 0))
        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
            print("port", server.sockets[0].getsockname()[1], flush=True)
            await server.serve_forever()
        asyncio.run(main())
        """,
      ])
    let line = try process.line(in: .output, containing: "port", limit: .seconds(20))
    guard let own = line.split(separator: " ").last.flatMap({ UInt16($0) }) else { throw Failure("no port: \(line)") }
    address = .ipv4(0x7F00_0001, port: own)
  }
}
