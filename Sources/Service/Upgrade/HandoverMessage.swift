import Control
import Fleet
import FoundationEssentials
import Model

/// What the two processes say to each other. Each message is a JSON object on its own.
enum HandoverMessage: Codable {
  /// From the new process: it has what it needs and serves clients, and reads counts in that form.
  case ready(version: String, pid: Int, counts: CountsForm = .short)
  /// From the new process: it can't take over.
  case failed(reason: String)
  /// From the old process: this has changed since it gave what it knew.
  case changed(LateChanges)
  /// From the old process: it serves no longer, and this is left to do.
  case draining(Draining)
  /// From the old process: it serves no longer, and this is a part of what it remembers. Versions that know no past leave it
  /// out.
  case past(PastPart)
  /// From the old process: these clients had a session since it gave what it knew. Versions that send no client back leave it
  /// out.
  case stuck(StickPart)

  /// How the last sessions of the old process go.
  struct Draining: Codable {
    /// How many are left.
    var sessions: Int
    /// Until when they may go on.
    var deadline: Timestamp
    /// What was counted since the last message, or a part of that.
    var counts: CountsHandover
    /// Those that have ended since this was told last.
    var recent: [AdminAnswer.EndedSession]?
    /// The floating addresses that go over with the first message.
    var leases: FleetLeases?
  }

  // A key for each kind of message, with an object of its own: other versions of the program read them so.
  private enum CodingKeys: CodingKey { case ready, failed, changed, draining, past, stuck }
  private struct Ready: Codable { var version: String, pid: Int, counts: String? }
  private struct Failed: Codable { var reason: String }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    if let ready = try values.decodeIfPresent(Ready.self, forKey: .ready) {
      // Versions that say nothing of a form know only one.
      self = .ready(
        version: ready.version, pid: ready.pid, counts: ready.counts.flatMap { CountsForm(rawValue: $0) } ?? .whole)
    } else if let failed = try values.decodeIfPresent(Failed.self, forKey: .failed) {
      self = .failed(reason: failed.reason)
    } else if let late = try values.decodeIfPresent(LateChanges.self, forKey: .changed) {
      self = .changed(late)
    } else if let part = try values.decodeIfPresent(PastPart.self, forKey: .past) {
      self = .past(part)
    } else if let part = try values.decodeIfPresent(StickPart.self, forKey: .stuck) {
      self = .stuck(part)
    } else {
      self = .draining(try values.decode(Draining.self, forKey: .draining))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .ready(let version, let pid, let counts):
      try values.encode(Ready(version: version, pid: pid, counts: counts.rawValue), forKey: .ready)
    case .failed(let reason): try values.encode(Failed(reason: reason), forKey: .failed)
    case .changed(let late): try values.encode(late, forKey: .changed)
    case .past(let part): try values.encode(part, forKey: .past)
    case .stuck(let part): try values.encode(part, forKey: .stuck)
    case .draining(let draining): try values.encode(draining, forKey: .draining)
    }
  }

  var bytes: [UInt8] { bytes(counts: .short) }

  func bytes(counts form: CountsForm) -> [UInt8] { form.encode(self) }

  init?(_ bytes: [UInt8]) {
    guard let message = try? JSONDecoder().decode(HandoverMessage.self, from: Data(bytes)) else { return nil }
    self = message
  }
}
