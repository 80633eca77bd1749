package import Agreement

extension ZabJudge {
  /// Whether what a node says of itself is on its disk: what is wrong with it, if anything.
  package static func judge(
    _ message: ZabMessage, of node: NodeNumber, to other: @autoclosure () -> NodeNumber,
    having memory: @autoclosure () -> ZabMemory
  ) -> String? {
    guard message.isPromise else { return nil }
    let disk = memory()
    switch message {
    case .newEpoch(let epoch):
      if disk.acceptedEpoch != epoch || disk.acceptedLeader != node {
        return "AckImpliesDurable: n\(node) tells epoch \(epoch), and has \(disk.acceptedEpoch)"
      }
    case .acceptedEpoch(let epoch, _, _, _):
      let other = other()
      if disk.acceptedEpoch != epoch || disk.acceptedLeader != other {
        return "AckImpliesDurable: n\(node) gives n\(other) its word for epoch \(epoch), and has \(disk.acceptedEpoch)"
      }
    case .newLeader(let epoch, _, _):
      if disk.currentEpoch != epoch {
        return "AckImpliesDurable: n\(node) is new leader of \(epoch), and has \(disk.currentEpoch)"
      }
    case .acceptedLeader(let epoch, let last):
      if disk.currentEpoch != epoch || disk.history.last < last {
        return
          "AckImpliesDurable: n\(node) has \(epoch) to \(last.text), and stored \(disk.currentEpoch) to \(disk.history.last.text)"
      }
    case .acknowledge(let epoch, let zxid):
      if disk.currentEpoch != epoch || disk.history.last < zxid {
        return "AckImpliesDurable: n\(node) acknowledges \(zxid.text), and has \(disk.history.last.text)"
      }
    default: break
    }
    return nil
  }
}

extension ZabMessage {
  /// Whether it rests on what is on the disk of who says it.
  fileprivate var isPromise: Bool {
    switch self {
    case .newEpoch, .acceptedEpoch, .newLeader, .acceptedLeader, .acknowledge: true
    default: false
    }
  }
}
