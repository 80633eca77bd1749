package import Agreement
package import Libevent

/// Gives up a node's floating addresses where the nodes agree by themselves, when the process that had them has ended: it says so to the
/// others in the node's name, as that process would have.
///
/// It belongs to its loop's thread.
package final class EmbeddedWithdrawal {
  /// How often it's said again, as links take a moment.
  private static let beat = Duration.milliseconds(20)

  private let memory: Incarnation
  private let nodes: [NodeName]
  private let members: Members
  private let links: any FleetLinks
  private let clearing: AddressClearing
  private let done: ([Withdrawal.Outcome]) -> Void
  private let names: [String]
  /// By which generation each name is this node's; nil if it isn't.
  private let generations: [UInt64?]
  /// Whether each has gone from this machine; nil as long as that isn't known.
  private var isClear: [Bool?]
  /// Who knows that it's free.
  private var free: [Set<NodeName>]
  private var timer: Timer?
  private var again: Timer?
  private var round: UInt64 = 0

  /// Gives up what a node has.
  ///
  /// - Parameters:
  ///   - members: who counts, as the node has it.
  ///   - slots: what it has promised, by the names.
  ///   - clearing: takes each away from this machine first.
  ///   - limit: how long it may take.
  ///   - done: told what became of each name, once.
  package init(
    _ names: [String], of me: Participant, among members: Members, slots: [String: PaxosSlot], links: any FleetLinks,
    clearing: AddressClearing, limit: Duration, on loop: EventLoop, done: @escaping ([Withdrawal.Outcome]) -> Void
  ) {
    (self.names, memory, self.members, self.links, self.done) = (names, me.incarnation, members, links, done)
    self.clearing = clearing
    nodes = members.voting.compactMap { members[$0]?.node }
    generations = names.map { name in
      guard let slot = slots[name], let owner = slot.accepted?.owner else { return nil }
      return members[owner] == me ? slot.generation : nil
    }
    isClear = names.map { _ in nil }
    free = names.map { _ in [] }
    links.onMessage = { [unowned self] message, node in
      if case .embedded(.owner(let name, .state(_, let generation, _, let busy, _), _, _)) = message {
        hear(name, generation, isFree: busy == .zero, of: node)
      }
    }
    timer = Timer(on: loop) { [unowned self] in finish() }
    timer?.schedule(after: limit)
    again = Timer(on: loop) { [unowned self] in say() }
    again?.schedule(after: .zero)
  }

  private func say() {
    if round == 0 { clear() }
    guard timer != nil else { return }
    round += 1
    for (index, name) in names.enumerated() where isClear[index] == true {
      guard let generation = generations[index] else { continue }
      for node in nodes {
        links.send(.embedded(.owner(name, .release(generation, heir: nil), by: memory, among: members.id)), to: node)
        links.send(.embedded(.owner(name, .probe(round: round), by: memory, among: members.id)), to: node)
      }
    }
    again?.schedule(after: Self.beat)
  }

  private func clear() {
    for index in names.indices where generations[index] != nil {
      // Whoever took one that is still here would have it beside this host.
      clearing.clear(names[index]) { [weak self] isClear in
        self?.isClear[index] = isClear
        self?.settle()
      }
    }
    settle()
  }

  private func hear(_ name: String, _ generation: UInt64, isFree: Bool, of node: NodeName) {
    guard let index = names.firstIndex(of: name), let mine = generations[index] else { return }
    if generation > mine || generation == mine && isFree { free[index].insert(node) }
    settle()
  }

  private func settle() {
    if names.indices.allSatisfy({ outcome($0) != .unknown }) { finish() }
  }

  private func outcome(_ index: Int) -> Withdrawal.Outcome {
    guard generations[index] != nil else { return .notOwn }
    guard isClear[index] != false else { return .kept }
    var seats = NodeSet()
    for node in free[index] { if let seat = members.seat(of: node) { seats.insert(seat) } }
    return members.isMajority(seats) ? .released : .unknown
  }

  private func finish() {
    guard timer != nil else { return }
    timer = nil
    done(names.indices.map { outcome($0) })
  }
}
