package import Config
import FoundationEssentials
import Glibc
import Sockets

/// What a process has got from the one before it: listening sockets and what was known, to go on where that was.
package final class Inheritance {
  /// The configuration to run.
  package let configuration: Configuration
  /// The file that a reload reads.
  package let file: String?

  let handover: Handover
  let listeners: [String: [Socket]]
  let stats: Socket?
  let admin: Socket?
  let channel: DescriptorChannel

  /// The variable that tells a process that it's to take over, and at which descriptor it's told more.
  static let variable = "MARTLET_HANDOVER"

  /// How long a process waits for what it's to take over.
  private static let limit = Duration.seconds(10)

  /// Takes over, if this process was started for that; nil if it wasn't.
  package static func receive() throws(StartError) -> Inheritance? {
    guard let text = Terminal.variable(variable), let descriptor = Int32(text) else { return nil }
    unsafe unsetenv(variable)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    let channel = DescriptorChannel(Socket(descriptor: descriptor))
    do {
      let message = try channel.receive(limit: limit)
      return try Inheritance(message.bytes, message.descriptors.map { Socket(descriptor: $0) }, channel)
    } catch {
      let problem = (error as? StartError)?.problem ?? "\(error)"
      try? channel.send(HandoverMessage.failed(reason: problem).bytes, limit: limit)
      throw StartError("can't take over from another process: \(problem)", hint: "the other one goes on")
    }
  }

  private init(_ bytes: [UInt8], _ sockets: [Socket], _ channel: DescriptorChannel) throws(StartError) {
    self.channel = channel
    do {
      handover = try JSONDecoder().decode(Handover.self, from: Data(bytes))
      configuration = try Configuration.parse(handover.configuration, file: "the running configuration")
    } catch {
      throw StartError("what it gives can't be read: \(error)", hint: "the versions don't go together: restart")
    }
    file = handover.file
    var rest = sockets[...]
    var listeners: [String: [Socket]] = [:]
    for listener in handover.listeners {
      listeners[listener.name] = Array(rest.prefix(listener.sockets))
      rest = rest.dropFirst(listener.sockets)
    }
    self.listeners = listeners
    stats = handover.hasStats ? rest.popFirst() : nil
    admin = handover.admin != nil ? rest.popFirst() : nil
    guard listeners.allSatisfy({ !$0.value.isEmpty }) else {
      throw StartError("sockets are missing", hint: "the versions don't go together: restart")
    }
  }

  /// Gives up: the process before goes on.
  package func fail(_ reason: String) {
    try? channel.send(HandoverMessage.failed(reason: reason).bytes, limit: Self.limit)
  }
}
