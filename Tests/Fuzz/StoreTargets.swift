@testable import Fleet
@testable import Stores

extension FuzzTarget {
  /// An answer with number 1, all being well, and this behind it.
  private static func answer(_ body: [UInt8]) -> [UInt8] {
    [0, 0, 0, 1] + [UInt8](repeating: 0, count: 12) + body
  }

  private static let path: [UInt8] = [0, 0, 0, 2, 0x2F, 0x61]
  private static let stat = [UInt8](repeating: 0, count: 68)
  private static let end: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 1, 0xFF, 0xFF, 0xFF, 0xFF]

  /// Made anew for each input: the leak checker doesn't follow pointers with an enum's tag in them.
  private static var requests: [ZooKeeperRequest] {
    [
      .ping, .sync("/a"), .get("/a"), .watch("/a"), .exists("/a"), .children("/a"), .get("/a", isWatched: true),
      .children("/a", isWatched: true), .write(.create("/a", [1])),
      .write(.set("/a", [1], version: 2)), .write(.delete("/a", version: 2)),
      .multi([.create("/a", [1]), .set("/a", [1], version: 0), .delete("/a", version: 1)]), .authenticate([1]),
    ]
  }

  static let stores = [
    FuzzTarget(
      "zookeeper",
      seeds: [
        answer([]), answer(path), answer([0, 0, 0, 1, 7] + stat), answer(stat), answer([0, 0, 0, 1] + path + stat),
        answer(
          [0, 0, 0, 1, 0, 0, 0, 0, 0] + path + [0, 0, 0, 5, 0, 0, 0, 0, 0] + stat + [0, 0, 0, 2, 0, 0, 0, 0, 0] + end),
        answer([0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0xFF, 0x99, 0xFF, 0xFF, 0xFF, 0x99] + end),
        [0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 12) + [0, 0, 0, 3, 0, 0, 0, 3] + path,
        [0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 12) + [0, 0, 0, 4, 0, 0, 0, 3] + path,
        [0, 0, 0, 0, 0, 0, 0x17, 0x70, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 16] + [UInt8](repeating: 1, count: 17),
      ]
    ) { bytes in
      if let session = try? ZooKeeperSession(bytes) { precondition(session.timeout > 0, "a session without time") }
      let message = try? ZooKeeperMessage(bytes)
      if case .changed(let path)? = message { precondition(path.utf8.count <= bytes.count, "a path from nowhere") }
      guard case .answer(_, let error, let rest)? = message else { return }
      for request in requests {
        guard let reply = try? request.reply(error, rest) else { continue }
        switch reply {
        case .data(let data, _): precondition(data.count <= bytes.count, "data from nowhere")
        case .children(let names): precondition(names.count <= bytes.count / 4, "names from nowhere")
        case .written(let versions):
          guard case .multi(let writes) = request else { break }
          precondition(versions.count == writes.count, "a version for each write")
        case .done, .exists, .failed: break
        }
      }
    },
    FuzzTarget("etcd", seeds: etcdSeeds.map { Array($0.utf8) }) { bytes in
      // Whole, and in two pieces: it comes to the same.
      var (whole, parts) = (EtcdHTTP(largest: 1 << 16), EtcdHTTP(largest: 1 << 16))
      let one = Result { try whole.take(bytes) }
      let half = bytes.count / 2
      let two = Result {
        let first = try parts.take(Array(bytes[..<half]))
        return half == bytes.count ? first : try parts.take(Array(bytes[half...]))
      }
      precondition((try? one.get()) == (try? two.get()), "pieces make a difference")
      precondition(whole.content.count <= bytes.count, "content from nowhere")
      let content = whole.content
      for request in etcdRequests {
        guard let (answer, _) = try? request.answer(whole.status, content) else { continue }
        switch answer {
        case .value(let value, let revision):
          precondition(value.count <= content.count && revision > 0, "a value from nowhere")
        case .written(let revision): precondition(revision > 0, "written, and by no revision")
        case .token(let token): precondition(token.utf8.allSatisfy { $0 > 0x20 }, "a token that breaks a head")
        case .version(let version): precondition(version.description.utf8.allSatisfy { $0 > 0x20 }, "no version")
        case .failed(let error): precondition(error.description.utf8.allSatisfy { $0 >= 0x20 }, "no words for people")
        case .alive, .absent, .refused: break
        }
      }
      for line in content.split(separator: UInt8(ascii: "\n")) {
        if case .changed(let keys)? = try? EtcdNews(Array(line)) {
          precondition(keys.values.allSatisfy { $0 > 0 && $0 < .max }, "a change by no revision")
        }
      }
    },
  ]

  private static var etcdRequests: [EtcdRequest] {
    [
      .version, .probe("/a"), .read("/a", isLinearizable: true),
      .write([EtcdWrite(key: "/a", expecting: .nothing, value: [1])]),
    ] + (StoreUser(Array("a:b".utf8)).map { [.authenticate($0)] } ?? [])
  }

  private static let etcdSeeds = [
    #"{"header":{"cluster_id":"3","revision":"7"},"kvs":[{"key":"L2E=","mod_revision":"5","value":"aGk="}],"count":"1"}"#,
    #"{"header":{"revision":"7"},"succeeded":true,"responses":[{"response_put":{"header":{"revision":"7"}}}]}"#,
    #"{"header":{"revision":"7"},"token":"abc.1"}"#, #"{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}"#,
    #"{"result":{"header":{"revision":"8"},"events":[{"kv":{"key":"L2E=","mod_revision":"8"}}]}}"# + "\n",
    #"{"result":{"header":{},"canceled":true,"compact_revision":"4"}}"# + "\n",
    #"{"error":"etcdserver: permission denied","message":"etcdserver: permission denied","code":7}"#,
  ].flatMap { content in
    [
      "HTTP/1.1 200 OK\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)",
      "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n"
        + "\(String(content.utf8.count, radix: 16))\r\n\(content)\r\n0\r\nA: b\r\n\r\n",
    ]
  }
}
