import Agreement

/// Tells the control plane, and people, how a node of a fleet is, whenever that is otherwise than before.
///
/// It belongs to its loop's thread.
final class StatusTeller {
  /// What a node's status is told by beside the node.
  struct Surroundings {
    /// How what the log is kept in is; nil where the nodes agree by themselves.
    var store: StoreState?
    /// Whether the node says nothing that it would have to remember.
    var isMute: Bool
    /// What stands for its addresses; nil if it has none.
    var addresses: FleetAddresses?
    /// What others see of backends.
    var views: HealthViews
    /// How it comes to go by another engine; nil where it can't.
    var change: EngineChange?
    /// How long it took what was wanted.
    var appends: AppendTimes
  }

  private let configured: [FleetAddress]
  private let tell: (FleetEvent) -> Void
  private var told: FleetStatus?
  /// What the last look went by.
  private var glimpse: StatusGlimpse?
  private var troubles: Set<String> = []
  private var logWatch = LogWatch()
  private var behindSince: Moment?
  /// What people were told last of programs that differ.
  private var toldForms: FleetStatus.Forms?
  /// How often it's looked how far tables are.
  private static let glance = Span.seconds(1)
  /// Who has owned each address.
  private var owners: [SeenOwner]
  /// What is told of each table, of an address or of a node. It changes with each client, and is looked at once a second.
  private var tables: [FleetStatus.Table]
  private var tablesAt = Moment.start

  /// - Parameters:
  ///   - addresses: those of the plan, in its order.
  ///   - tell: takes each event.
  init(_ plan: FleetPlan, _ addresses: [FleetAddress], tell: @escaping (FleetEvent) -> Void) {
    (configured, self.tell) = (addresses, tell)
    owners = addresses.map { _ in SeenOwner() }
    tables = plan.tableNames.map { _ in .init() }
  }

  /// Whether nothing can be otherwise than it was at the last look.
  func isAsBefore(_ node: FleetNode, at now: Moment) -> Bool { StatusGlimpse(node, at: now).isLike(glimpse) }

  /// Something has changed beside the node.
  func lookAgain() { glimpse = nil }

  /// Tells people of a trouble, once.
  func say(_ trouble: String) {
    if troubles.insert(trouble).inserted { tell(.trouble(trouble)) }
  }

  /// Tells how things are, if they are otherwise than before.
  func tell(of node: FleetNode, beside surroundings: Surroundings, at now: Moment) {
    glimpse = StatusGlimpse(node, at: now)
    var status = node.status(at: now)
    if now - tablesAt >= Self.glance {
      tablesAt = now
      tables = node.tables.map { .init(clients: $0.table.count, lags: $0.lags) }
    }
    status.addresses = configured.indices.map { describe($0, of: node, surroundings.addresses, at: now) }
    if configured.isEmpty { noteTables(of: node.plan.servers, in: &status) }
    status.appends = surroundings.appends.report
    status.hasLeft = surroundings.addresses?.hasLeft ?? false
    status.isIsolated = node.isolation.isIsolated
    if status.isIsolated != told?.isIsolated ?? false {
      tell(
        status.isIsolated
          ? .trouble(
            "backends are down as this node sees it, and up as others do: it owns no address that they may have")
          : .relief("backends are up as others see them"))
    }
    for index in status.nodes.indices {
      status.nodes[index].down = surroundings.views.view(of: status.nodes[index].name, at: now)
    }
    switch surroundings.store {
    case nil: watchLog(of: node, isMute: surroundings.isMute, &status, at: now)
    case .away(_, let why): if !status.isLogLive { status.logTrouble = why }
    case .reached(_, _, let trouble?):
      status.logTrouble = trouble
      say("the fleet's log doesn't do as it's asked: \(trouble)")
    case .reached: break
    }
    if surroundings.store != nil, let trouble = node.programTrouble {
      status.logTrouble = trouble
      say("this node takes no part until it's started with another program: \(trouble)")
    }
    if status.logTrouble == nil { status.logTrouble = surroundings.change?.text(of: node, at: now) }
    noteForms(status.forms, of: node)
    noteOldLog(of: node, at: now)
    guard status != told else { return }
    told = status
    tell(.status(status))
  }

  /// Without addresses each node that serves has a table of its own.
  private func noteTables(of servers: [NodeName], in status: inout FleetStatus) {
    for (table, name) in zip(tables, servers) {
      guard let index = status.nodes.firstIndex(where: { $0.name == name }) else { continue }
      status.nodes[index].table = table
    }
  }

  /// Says why the log isn't live where the nodes agree by themselves; a store says so itself.
  private func watchLog(of node: FleetNode, isMute: Bool, _ status: inout FleetStatus, at now: Moment) {
    if !status.isLogLive {
      status.logTrouble = isMute ? "this node's journal can't be used" : node.embeddedTrouble(at: now)
    }
    switch logWatch.see(status.isLogLive, because: status.logTrouble, at: now) {
    case .away(let why): tell(.trouble("the fleet's log can't be reached: \(why)"))
    case .back: tell(.relief("the fleet's log is reached"))
    case nil: break
    }
  }

  /// Says once what is in use while programs differ, and when they don't any more.
  private func noteForms(_ forms: FleetStatus.Forms?, of node: FleetNode) {
    guard node.isInformed, node.log.isCaughtUp, forms != toldForms else { return }
    toldForms = forms
    if let forms {
      let holders = forms.holders.map(\.text).joined(separator: ", ")
      tell(
        .news("programs differ: what is new waits for those of \(holders), and form \(forms.inUse.number) is in use"))
    } else {
      tell(.relief("the programs of all nodes know the same"))
    }
  }

  /// A log that ends before what this node has stored isn't its fleet's, or has lost its end.
  private func noteOldLog(of node: FleetNode, at now: Moment) {
    guard node.isBehindMemory(at: now) else { return behindSince = nil }
    let since = behindSince ?? now
    behindSince = since
    guard now - since >= .seconds(5) else { return }
    say(
      """
      the log ends with generation \(node.state.committed.generation), and this node has served a later one: it takes no part until the log \
      is the right one ("root"), or its data folder is empty
      """)
  }

  private func describe(
    _ index: Int, of node: FleetNode, _ addresses: FleetAddresses?, at now: Moment
  ) -> FleetStatus.Address {
    let owner = node.owners[index]
    owners[index].see(owner.owner?.node, owner.generation, isKnown: owner.hasLooked, at: now)
    let mine: FleetStatus.Address.Mine =
      switch owner.stance {
      case .watching: .no
      case .owning(let until) where until > now: .owned(until: until)
      case .owning: addresses?.until(index) == nil ? .lapsed : .kept
      case .releasing: .leaving
      }
    return FleetStatus.Address(
      name: configured[index].floating.name, host: configured[index].floating.host, owner: owner.owner?.node,
      generation: owner.generation, since: owners[index].since, mine: mine, moves: owners[index].moves,
      candidates: node.candidates(for: index, at: now),
      problem: addresses?.problem(of: index) ?? strangeness(of: owner),
      table: tables.indices.contains(index) ? tables[index] : .init())
  }

  /// Why this node waits until an address is given up, for people.
  private func strangeness(of owner: AddressOwner) -> String? {
    guard owner.isLeftToOthers, let node = owner.owner?.node else { return nil }
    return "\(node.text), which owns it, doesn't know this node: start it with the file that names both"
  }
}
