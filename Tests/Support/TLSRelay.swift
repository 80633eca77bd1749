package import Sockets

/// What ends TLS in front of a server that a test plays: bytes come out of it as they were, and go into it so.
package final class TLSRelay {
  /// Where it listens.
  package let address: SocketAddress
  private let process: Subprocess

  /// Starts it.
  ///
  /// - Parameters:
  ///   - target: whom it connects each client with.
  ///   - identity: what it shows to clients.
  ///   - ca: who has to have signed a client's certificate; nil for clients without one.
  ///   - options: more of Python's settings of `context`, an `ssl.SSLContext`.
  package init(to target: SocketAddress, as identity: TestCA.Identity, clients ca: String? = nil, options: String = "")
    throws
  {
    let port = target.port ?? 0
    process = try Subprocess(
      "python3",
      [
        "-c",
        """
        import asyncio, ssl
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("\(identity.certificate)", "\(identity.key)")
        \(ca.map { "context.verify_mode = ssl.CERT_REQUIRED; context.load_verify_locations('\($0)')" } ?? "")
        \(options)
        async def pump(reader, writer):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
            writer.close()
        async def serve(reader, writer):
            there, back = await asyncio.open_connection("127.0.0.1", \(port))
            await asyncio.gather(pump(reader, back), pump(there, writer))
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

  /// Waits for a line that Python's settings write.
  package func line(containing text: String) throws -> String {
    try process.line(in: .output, containing: text)
  }
}
