import Control
import Model

/// A change of overrides that was found right.
struct OverrideOrder {
  let change: Change
  let layer: Lease.Layer
  let pool: String
  /// The backend, as people are told of it.
  let backend: String

  init(_ change: Change, in layer: Lease.Layer, pool: String, of backend: String) {
    self.change = change
    self.layer = layer
    self.pool = pool
    self.backend = backend
  }

  /// A lease is to hold.
  static func take(_ lease: Lease) -> Self {
    Self(Change(.override(lease), by: lease.author), in: lease.layer, pool: lease.pool, of: lease.endpoint)
  }

  /// Makes it in a book; gives what holds no more there.
  fileprivate func make(in book: inout OverrideBook) -> [Lease] {
    switch change.action {
    case .override(let lease): book.take(lease).map { [$0] } ?? []
    case .takeBack(let pool, let endpoints, let subject):
      endpoints.flatMap { book.end(pool: pool, endpoint: $0, about: subject, in: layer) }
    case .configuration, .overrides, .fleet, .addresses, .targets, .admission, .admit, .takeBackAdmission: []
    }
  }

  /// What of a book's other layer is about the same.
  fileprivate func others(in book: OverrideBook) -> [Lease] {
    let (endpoints, subject): ([String], Lease.Subject?) =
      switch change.action {
      case .override(let lease): ([lease.endpoint], lease.term.subject)
      case .takeBack(_, let endpoints, let subject): (endpoints, subject)
      case .configuration, .overrides, .fleet, .addresses, .targets, .admission, .admit, .takeBackAdmission: ([], nil)
      }
    return book.leases.filter {
      $0.layer != layer && $0.pool == pool && endpoints.contains($0.endpoint)
        && (subject == nil || $0.term.subject == subject)
    }
  }
}

/// Makes changes of overrides: in this process, or by its fleet on all nodes.
struct OverrideDesk {
  let controller: Controller
  let overrides: Overrides
  let fleet: AdminActions.Fleet

  /// Where something holds that is asked for now; nil if there's no fleet.
  func scope(thisNode: Bool?) -> Lease.Scope? {
    // Which entry of the log it will be isn't known yet.
    fleet.node().map { thisNode == true ? .thisNode : .fleet(node: $0, position: 0) }
  }

  /// Makes the change, and tells what was done once it's kept; throws what stands against it.
  func carryOut(
    _ order: OverrideOrder, isForced: Bool, _ done: @escaping (Result<AdminAnswer.Done, AdminRefusal>) -> Void
  ) throws(AdminRefusal) {
    var book = controller.book
    let ended = order.make(in: &book)
    let pool = controller.pool(order.pool)
    if let pool, !isForced, controller.wouldStopServing(pool, with: book) {
      throw AdminRefusal(
        409, "pool \(pool.name) serves now, and no backend of it would be eligible",
        hint: "see to its other backends first, or use --force")
    }
    switch order.layer {
    case .node:
      controller.apply(order.change)
      let message = message(order, ended)
      let warnings = warnings(order, ended)
      overrides.save(controller.book) { problem in
        done(.success(.init(message: message, warnings: [problem].compactMap(\.self) + warnings)))
      }
    case .fleet:
      fleet.agree(order.change) { result in
        done(
          result.map { agreed in
            guard let agreed else {
              return .init(message: "\(order.pool)/\(order.backend): nothing was set", warnings: others(order))
            }
            let waiting =
              agreed.waiting.isEmpty
              ? [] : ["\(agreed.waiting.joined(separator: ", ")) will follow: it doesn't hold there yet"]
            return .init(
              message: "\(message(order, ended)): \(agreed.text)", warnings: waiting + warnings(order, ended),
              fleet: agreed)
          })
      }
    }
  }

  private func message(_ order: OverrideOrder, _ ended: [Lease]) -> String {
    if case .override(let lease) = order.change.action {
      let inPlace = ended.first.map { ", in place of: \($0.text)" } ?? ""
      return "\(lease.pool)/\(lease.endpoint) \(lease.text)\(inPlace)"
    }
    if !ended.isEmpty {
      return "\(order.pool)/\(order.backend): no longer " + ended.map(\.text).joined(separator: "; ")
    }
    // What a fleet has taken back this node may not have known.
    return "\(order.pool)/\(order.backend): \(order.layer == .node ? "nothing was set" : "taken back")"
  }

  private func warnings(_ order: OverrideOrder, _ ended: [Lease]) -> [String] {
    var warnings: [String] = []
    if case .override(let lease) = order.change.action {
      if let end = ended.first?.until, lease.until == nil {
        warnings.append(
          "what it replaces would have ended at \(end.timeOfDay) UTC; this doesn't end by itself: give it a time, or "
            + "take it back when it's done")
      }
      if let pool = controller.pool(order.pool), !pool.members.contains(where: { $0.isEligible(at: .now) }) {
        warnings.append("pool \(pool.name) has no eligible backend left")
      }
    }
    return warnings + others(order)
  }

  /// What holds of the same in the other layer, where that isn't what somebody would expect.
  private func others(_ order: OverrideOrder) -> [String] {
    let others = order.others(in: controller.book)
    switch (order.layer, order.change.action) {
    case (.fleet, _):
      return others.map { "on this node it's \($0.text), and that is what holds here until --this-node takes it back" }
    case (.node, .takeBack):
      return others.map { "the fleet's still holds: \($0.text); without --this-node it's taken back on all nodes" }
    case (.node, _): return []
    }
  }
}
