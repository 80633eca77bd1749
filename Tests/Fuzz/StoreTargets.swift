@testable import Fleet

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
      .ping, .sync("/a"), .get("/a"), .watch("/a"), .exists("/a"), .children("/a"), .write(.create("/a", [1])),
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
        [0, 0, 0, 0, 0, 0, 0x17, 0x70, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 16] + [UInt8](repeating: 1, count: 17),
      ]
    ) { bytes in
      if let session = try? ZooKeeperSession(bytes) { precondition(session.timeout > 0, "a session without time") }
      guard case .answer(_, let error, let rest)? = try? ZooKeeperMessage(bytes) else { return }
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
    }
  ]
}
