import FoundationEssentials
import Glibc

@testable import Sockets
@testable import Control
@testable import Model
@testable import Service

extension FuzzTarget {
  static let processes = [
    FuzzTarget(
      "state", texts: [#"{"leases":[]}"#, String(decoding: StateFile.encode(OverrideBook()), as: UTF8.self)]
    ) { text in
      let body = text.split(separator: "\n", maxSplits: 1).last.map { Array($0.utf8) } ?? []
      guard let book = try? JSONDecoder().decode(OverrideBook.self, from: Data(body)) else { return }
      _ = StateFile.encode(book)
    },
    FuzzTarget(
      "handover",
      texts: [
        #"{"version":"1","pid":1,"configuration":"{}","generation":1,"listeners":[{"name":"a","sockets":1}],"hasStats":true,"#
          + #""state":{"pools":[{"name":"a","cursor":1}],"members":[],"addresses":{"a":["::1"]},"transitions":[],"#
          + #""book":{"leases":[]}},"counts":{"listeners":{},"pools":{},"backends":{},"gone":{}}}"#,
        #"{"version":"1","pid":1,"configuration":"{}","generation":1,"listeners":[],"hasStats":true,"#
          + #""state":{"pools":[],"members":[],"addresses":{},"transitions":[],"book":{"leases":[]}},"#
          + #""shortCounts":{"listeners":{},"pools":{},"backends":{"a":{"b c":{"attempts":1,"retries":0,"failures":{},"#
          + #""sessions":1,"closes":{"idle":1},"bytesToBackend":1,"bytesToClient":1,"#
          + #""connectTime":{"filled":[3,1],"total":3,"largest":3},"sessionTime":{"counts":[],"total":0,"largest":0}}}},"#
          + #""gone":{},"isPartial":true}}"#,
      ]
    ) { text in
      guard let handover = try? JSONDecoder().decode(Handover.self, from: Data(text.utf8)) else { return }
      _ = handover.bytes
    },
    FuzzTarget(
      "handover-message",
      seeds: [
        HandoverMessage.ready(version: "1", pid: 1).bytes, HandoverMessage.failed(reason: "r").bytes,
        HandoverMessage.draining(
          .init(sessions: 1, deadline: Timestamp(milliseconds: 1), counts: CountsHandover(), recent: [])
        ).bytes, HandoverMessage.changed(LateChanges(reread: "r")).bytes,
        HandoverMessage.past(PastPart(pool: "p", series: FigureSeries(first: 1, [Figures(), nil]))).bytes,
      ]
    ) { bytes in
      _ = HandoverMessage(bytes)?.bytes
    },
    FuzzTarget(
      "channel", seeds: [[2, 0, 0, 0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 251, 0, 0, 0, 0], [255, 255, 255, 255]]
    ) { bytes in
      guard let (near, far) = try? Socket.pair() else { return }
      let channel = DescriptorChannel(SharedSocket(near))
      if !bytes.isEmpty { _ = far.send(bytes.prefix(60_000)) }
      far.close()
      while let message = try? channel.receiveIfWhole() { precondition(message.bytes.count <= bytes.count) }
    },
    FuzzTarget("listen-fds", texts: ["1\na:b", "3\n", "+2\nx", "99999999999\n:::"]) { text in
      let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      let environment = ["LISTEN_PID": "1", "LISTEN_FDS": String(parts[0]), "LISTEN_FDNAMES": String(parts.last ?? "")]
      // No descriptor is as high as these.
      _ = try? InheritedListeners.listeners(in: environment, process: 1, first: 1_000_000_000)
    },
  ]
}
