import Balancing
import Changes
import Control
import FoundationEssentials
import Libevent
import Model
import Proxy
import Sockets

/// What a process gives to the one that takes its place, beside its listening sockets.
///
/// Two versions of the program speak to each other here: keys are added, and none is given another meaning; what isn't
/// there is as at a first start.
struct Handover: Codable {
  /// The version of the program that gives.
  var version: String
  /// Its process id.
  var pid: Int
  /// The configuration that runs, with every default filled in.
  var configuration: String
  /// The file that a reload reads.
  var file: String?
  /// That file as it was when it was read last, for versions that know no others.
  var fileAsRead: FileIdentity?
  /// The file and what it includes, as they were when they were read last.
  var filesAsRead: FileSnapshot?
  /// Which configuration it is.
  var generation: Int
  /// How it has come to run.
  var provenance: Provenance?
  /// How many reloads there were.
  var reloads: ReloadTally?
  /// How many sockets there are. What doesn't fit into the message comes with others, whose content means nothing.
  var sockets: Int?
  /// The listeners, whose sockets come in this order.
  var listeners: [Listener]
  /// Whether the next socket is the stats port's.
  var hasStats: Bool
  /// The admin socket's path, if the last socket is the admin door's.
  var admin: String?
  /// The files of the stats port and the admin socket.
  var statsFile: UnixSocketFile?
  var adminFile: UnixSocketFile?
  /// What the next process has to be able to hold; nil if that doesn't matter.
  var capacity: Capacity?
  /// What the control plane knows.
  var state: ControllerState
  /// What was counted up to now, as versions have told it that knew no short form.
  var counts: CountsHandover?
  /// What was counted up to now, in the short form; nil if it would be too much at once. Versions that don't know that are told
  /// when they serve.
  var shortCounts: CountsHandover?
  /// What the configuration's secrets hold that stand outside of it.
  var secrets: [String: [UInt8]]?

  /// The files as they were when they were read last.
  var asRead: FileSnapshot {
    if let filesAsRead { return filesAsRead }
    guard let file else { return FileSnapshot() }
    return fileAsRead.map { FileSnapshot(file, was: $0) } ?? FileSnapshot(file)
  }

  var bytes: [UInt8] { CountsForm.short.encode(self) }

  /// A listener's part.
  struct Listener: Codable {
    var name: String
    /// How many sockets belong to it.
    var sockets: Int
    /// Who removes the file of a Unix socket.
    var file: Binding.FileOwner?
    /// The file of a Unix socket.
    var socketFile: UnixSocketFile?
  }
}

extension Handover {
  /// Sends it with the sockets. What was counted is left out if there's no room for it.
  ///
  /// - Returns: whether that went along.
  func send(_ sockets: [SharedSocket], over link: ChannelLink) throws(ChannelError) -> Bool {
    var handover = self
    handover.sockets = sockets.count
    var bytes = handover.bytes
    if bytes.count > DescriptorChannel.mostBytes {
      handover.shortCounts = nil
      bytes = handover.bytes
    }
    try link.send(bytes, Array(sockets.prefix(DescriptorChannel.mostDescriptors)))
    var rest = sockets.dropFirst(DescriptorChannel.mostDescriptors)
    while !rest.isEmpty {
      try link.send([], Array(rest.prefix(DescriptorChannel.mostDescriptors)))
      rest = rest.dropFirst(DescriptorChannel.mostDescriptors)
    }
    return handover.shortCounts != nil
  }

  /// Receives one with its sockets.
  static func receive(
    from channel: DescriptorChannel, limit: Duration
  ) throws -> (handover: Handover, sockets: [SharedSocket]) {
    let message = try channel.receive(limit: limit)
    let handover = try JSONDecoder().decode(Handover.self, from: Data(message.bytes))
    var sockets = message.sockets
    while sockets.count < handover.sockets ?? 0 {
      let more = try channel.receive(limit: limit).sockets
      // A message without any would be followed by others for ever.
      guard !more.isEmpty else { break }
      sockets += more
    }
    return (handover, sockets)
  }
}

/// What was changed while the other process started.
struct LateChanges: Codable, Equatable {
  var overrides = OverrideBook.Changes()
  /// Who wants the file to be read again and has had nothing of it yet.
  var reread: String?

  var isEmpty: Bool { overrides.isEmpty && reread == nil }
}
