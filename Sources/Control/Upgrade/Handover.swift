import Balancing
import FoundationEssentials
import Libevent
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
  /// That file as it was when it was read last.
  var fileAsRead: FileIdentity?
  /// Which configuration it is.
  var generation: Int
  /// How it has come to run.
  var provenance: Provenance?
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
  /// What the control plane knows.
  var state: ControllerState
  /// What was counted up to now.
  var counts: CountsHandover?
  /// What the configuration's secrets hold that stand outside of it.
  var secrets: [String: [UInt8]]?

  var bytes: [UInt8] {
    guard let data = try? JSONEncoder().encode(self) else { preconditionFailure("a state can be written as JSON") }
    return Array(data)
  }

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
  /// Sends it with the sockets.
  func send(_ sockets: [SharedSocket], over link: ChannelLink) throws(ChannelError) {
    var handover = self
    handover.sockets = sockets.count
    try link.send(handover.bytes, Array(sockets.prefix(DescriptorChannel.mostDescriptors)))
    var rest = sockets.dropFirst(DescriptorChannel.mostDescriptors)
    while !rest.isEmpty {
      try link.send([], Array(rest.prefix(DescriptorChannel.mostDescriptors)))
      rest = rest.dropFirst(DescriptorChannel.mostDescriptors)
    }
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

/// What is known about pools and backends, beside their configuration.
struct ControllerState: Codable {
  var pools: [PoolState]
  var members: [Member.Snapshot]
  /// The addresses of host names.
  var addresses: [String: [String]]
  var transitions: [Report.Transition]
  var book: OverrideBook
  var correlation: CorrelatedFailure.Snapshot?
  /// Which name of a search list has a host name's addresses, where several may be meant.
  var found: [String: String]?

  /// What is known about a pool.
  struct PoolState: Codable {
    var name: String
    /// The place of the rotation.
    var cursor: UInt64
  }
}

/// What has been counted, as a process that drains tells it to the one that has taken its place, again and again.
struct CountsHandover: Codable {
  var listeners: [String: ListenerCounts] = [:]
  var pools: [String: PoolCounts] = [:]
  /// By pool, then by what identifies the backend in it.
  var backends: [String: [String: BackendCounts]] = [:]
  /// By pool: of backends that are gone.
  var gone: [String: BackendCounts] = [:]
  /// By worker.
  var workers: [WorkerCounts]?
}

/// What was changed while the other process started.
struct LateChanges: Codable, Equatable {
  var overrides = OverrideBook.Changes()
  /// Who wants the file to be read again and has had nothing of it yet.
  var reread: String?

  var isEmpty: Bool { overrides.isEmpty && reread == nil }
}

/// What the two processes say to each other. Each message is a JSON object on its own.
enum HandoverMessage: Codable {
  /// From the new process: it has what it needs and serves clients.
  case ready(version: String, pid: Int)
  /// From the new process: it can't take over.
  case failed(reason: String)
  /// From the old process: this has changed since it gave what it knew.
  case changed(LateChanges)
  /// From the old process: this is left to do.
  case draining(Draining)

  /// How the last sessions of the old process go.
  struct Draining: Codable {
    /// How many are left.
    var sessions: Int
    /// Until when they may go on.
    var deadline: Timestamp
    /// What was counted up to now.
    var counts: CountsHandover
    /// Those that have ended since this was told last.
    var recent: [AdminAnswer.EndedSession]?
  }

  // A key for each kind of message, with an object of its own: other versions of the program read them so.
  private enum CodingKeys: CodingKey { case ready, failed, changed, draining }
  private struct Ready: Codable { var version: String, pid: Int }
  private struct Failed: Codable { var reason: String }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    if let ready = try values.decodeIfPresent(Ready.self, forKey: .ready) {
      self = .ready(version: ready.version, pid: ready.pid)
    } else if let failed = try values.decodeIfPresent(Failed.self, forKey: .failed) {
      self = .failed(reason: failed.reason)
    } else if let late = try values.decodeIfPresent(LateChanges.self, forKey: .changed) {
      self = .changed(late)
    } else {
      self = .draining(try values.decode(Draining.self, forKey: .draining))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .ready(let version, let pid): try values.encode(Ready(version: version, pid: pid), forKey: .ready)
    case .failed(let reason): try values.encode(Failed(reason: reason), forKey: .failed)
    case .changed(let late): try values.encode(late, forKey: .changed)
    case .draining(let draining): try values.encode(draining, forKey: .draining)
    }
  }

  var bytes: [UInt8] {
    guard let data = try? JSONEncoder().encode(self) else { preconditionFailure("messages can be written as JSON") }
    return Array(data)
  }

  init?(_ bytes: [UInt8]) {
    guard let message = try? JSONDecoder().decode(HandoverMessage.self, from: Data(bytes)) else { return nil }
    self = message
  }
}
