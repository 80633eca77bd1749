import Model
import Text

/// A backend's row.
struct TopRow {
  let path: BackendPath
  let backend: Report.Backend
  let past: TopFigures.Past
}

/// A column of `martlet top` that rows can be sorted by.
enum TopColumn: Int, CaseIterable, Sendable {
  /// The names, in the configuration's order.
  case backend
  case state, active, sessions, toBackend, toClient, failed

  /// What stands above it.
  var title: String {
    switch self {
    case .backend: "BACKEND"
    case .state: "STATE"
    case .active: "ACTIVE"
    case .sessions: "NEW/S"
    case .toBackend: "→BACKEND"
    case .toClient: "→CLIENT"
    case .failed: "FAILED"
    }
  }

  /// The column to its right; after the last one the first.
  var next: TopColumn { Self.allCases[(rawValue + 1) % Self.allCases.count] }
  /// The column to its left.
  var previous: TopColumn { Self.allCases[(rawValue + Self.allCases.count - 1) % Self.allCases.count] }

  /// The rows of a pool in the column's order: the largest first, names as they're configured, the worst state first.
  /// Rows that are alike stay in the configuration's order.
  func sorted(_ rows: [TopRow], isReversed: Bool) -> [TopRow] {
    let ordered = rows.enumerated().sorted { left, right in
      let (first, second) = (rank(left.element), rank(right.element))
      return first == second ? left.offset < right.offset : (first > second) != isReversed
    }.map(\.element)
    return self == .backend && isReversed ? ordered.reversed() : ordered
  }

  private func rank(_ row: TopRow) -> Double {
    switch self {
    case .backend: 0
    case .state: Double(Report.Backend.State.allCases.firstIndex(of: row.backend.state) ?? 0)
    case .active: Double(row.backend.sessions.active)
    case .sessions: row.past.rates?.sessions ?? -1
    case .toBackend: row.past.rates?.toBackend ?? -1
    case .toClient: row.past.rates?.toClient ?? -1
    case .failed: Double(row.backend.connect.failures.values.reduce(0, +))
    }
  }
}

/// A column of `martlet top` that is there where the screen is wide enough, in the order in which they come.
enum TopExtra: CaseIterable, Sendable {
  case weight, tier, connect

  /// What stands above it.
  var title: String {
    switch self {
    case .weight: "WEIGHT"
    case .tier: "TIER"
    case .connect: "CONNECT"
    }
  }

  /// How wide it is.
  var width: Int { max(title.count, 7) }

  /// What it says of a backend.
  func text(_ row: TopRow) -> String {
    switch self {
    case .weight: StatsText.weight(row.backend)
    case .tier: "\(row.backend.tier)"
    case .connect: row.past.connect.map(StatsText.duration) ?? "-"
    }
  }
}
