package import Balancing
package import Config
import Health
import Libevent
package import Model
import Sockets

/// Asks the agents beside backends again and again.
final class AgentChecks {
  private let loop: EventLoop
  private var random = SplitMix64(seed: UInt64.random(in: .min ... .max))
  /// An agent has said something else than before.
  var heard: (_ before: AgentState, Member, PoolController) -> Void = { _, _, _ in }

  init(on loop: EventLoop) { self.loop = loop }

  /// Asks a member's agent from now on by what its pool says now, if it's to be asked. What another one has said holds no more.
  func follow(_ member: Member, in pool: PoolController) {
    let wanted = member.door == nil ? pool.configuration.agent : nil
    // Who was away and is back isn't asked, though nothing has changed.
    guard
      wanted != member.agent.asked || (wanted == nil) != (member.agent.checker == nil)
        || member.agent.egress != member.check.egress
    else { return }
    stop(member)
    member.agent.use(wanted, leavingBy: member.check.egress)
    guard let wanted, let address = wanted.address(beside: member.key.address) else { return }
    member.agent.checker = HealthChecker(
      at: address, by: member.check.egress, timeout: wanted.timeout,
      firstDelay: wanted.interval * Double.random(in: 0..<1, using: &random), on: loop,
      task: { ProbeTask(wanted) },
      evaluate: { [unowned self, unowned member, unowned pool] outcome, _ in
        let before = member.agent.state
        member.agent.take(outcome)
        if member.agent.state != before { heard(before, member, pool) }
        return wanted.interval * Double.random(in: 0.9...1.1, using: &random)
      })
  }

  /// Asks a member's agent no more.
  func stop(_ member: Member) {
    member.agent.checker?.stop()
    member.agent.checker = nil
  }
}

/// A member's agent, and what it has said.
package struct MemberAgent {
  /// How it's asked; nil if it isn't.
  package private(set) var asked: AgentConfiguration?
  /// How questions leave this machine.
  private(set) var egress = EgressRules()
  /// What asks it.
  var checker: HealthChecker?
  /// What holds of what it has said.
  package private(set) var state = AgentState()
  /// When it was asked last, and why that brought nothing, or not all; nil if it did.
  package private(set) var lastTime: Timestamp?
  package private(set) var trouble: String?

  /// It's asked like this from now on.
  mutating func use(_ configuration: AgentConfiguration?, leavingBy egress: EgressRules) {
    self.egress = egress
    let isOther = asked.map { $0.port != configuration?.port } ?? (configuration == nil)
    asked = configuration
    if isOther { (state, lastTime, trouble) = (AgentState(), nil, nil) }
  }

  /// Takes what asking it has come to. One that can't be reached changes nothing.
  mutating func take(_ outcome: ProbeOutcome) {
    lastTime = .now
    switch outcome {
    case .passed(_, let line): trouble = state.hear(line).map { "it says \"\($0.printable)\", which isn't understood" }
    case .failed(let failure): trouble = failure.detail
    }
  }

  /// Goes on with what it has said to another process.
  mutating func restore(_ state: AgentState?) { self.state = state ?? AgentState() }

  /// What it says, for people.
  var reason: String {
    "its agent says \(state.words ?? "nothing")" + (state.reason.map { ": \($0.printable)" } ?? "")
  }
}

extension AgentConfiguration {
  /// Where a backend's agent is; nil of a Unix socket.
  fileprivate func address(beside backend: SocketAddress) -> SocketAddress? {
    backend.port == nil ? nil : backend.with(port: port)
  }
}
