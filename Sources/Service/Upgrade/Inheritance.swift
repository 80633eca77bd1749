package import Config
package import Control
import Sockets

/// What a process has got from the one before it: listening sockets and what was known, to go on where that was.
package final class Inheritance {
  /// The configuration to run.
  package let configuration: Configuration
  /// The file that a reload reads.
  package let file: String?

  let handover: Handover
  let channel: DescriptorChannel
  private var listeners: [String: [SharedSocket]] = [:]
  private var stats: SharedSocket?
  private var admin: SharedSocket?

  /// The variable that tells a process that it's to take over, and at which descriptor it's told more.
  static let variable = "MARTLET_HANDOVER"

  /// How long a process waits for what it's to take over.
  private static let limit = Duration.seconds(10)

  /// Takes over, if this process was started for that; nil if it wasn't.
  package static func receive() throws(StartError) -> Inheritance? {
    let inherited: DescriptorChannel?
    do throws(EnvironmentError) {
      inherited = try DescriptorChannel.inherited(variable)
    } catch {
      throw StartError(
        error.description, hint: "`martlet upgrade` sets it for the process that it starts, and nobody else: unset it")
    }
    guard let channel = inherited else { return nil }
    do {
      return try Inheritance(channel)
    } catch {
      try? channel.send(HandoverMessage.failed(reason: error.problem).bytes, limit: limit)
      throw StartError("can't take over from another process: \(error.problem)", hint: "the other one goes on")
    }
  }

  private init(_ channel: DescriptorChannel) throws(StartError) {
    self.channel = channel
    let sockets: [SharedSocket]
    do {
      (handover, sockets) = try Handover.receive(from: channel, limit: Self.limit)
      configuration = try Configuration.parse(
        handover.configuration, file: "the running configuration", secrets: .known(handover.secrets ?? [:]),
        variables: .none)
    } catch let error as ChannelError {
      throw StartError("it has given nothing that can be used: \(error)", hint: "see its log")
    } catch {
      throw StartError("what it gives can't be read: \(error)", hint: "the versions don't go together: restart")
    }
    file = handover.file
    var rest = sockets[...]
    for listener in handover.listeners {
      guard listener.sockets > 0, listener.sockets <= rest.count else {
        throw StartError("sockets are missing", hint: "the versions don't go together: restart")
      }
      listeners[listener.name] = Array(rest.prefix(listener.sockets))
      rest = rest.dropFirst(listener.sockets)
    }
    stats = handover.hasStats ? rest.popFirst() : nil
    admin = handover.admin != nil ? rest.popFirst() : nil
  }

  // The sockets are taken, so that nothing but what they are used for keeps them open.

  /// Gives the sockets of a listener; nil if there are none of that name.
  func takeListener(_ name: String) -> [SharedSocket]? { listeners.removeValue(forKey: name) }

  /// Gives the stats port's socket.
  func takeStats() -> SharedSocket? { stats.take() }

  /// Gives the admin door's socket.
  func takeAdmin() -> SharedSocket? { admin.take() }

  /// Gives up: the process before goes on.
  package func fail(_ reason: String) {
    try? channel.send(HandoverMessage.failed(reason: reason).bytes, limit: Self.limit)
  }
}
