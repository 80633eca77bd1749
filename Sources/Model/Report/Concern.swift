extension Report {
  /// Something that isn't as it's meant to be, or is about to change: what whoever looks at a process wants to know first.
  package struct Concern: Codable, Equatable, Sendable {
    /// How bad it is, by what clients have of it now.
    package enum Severity: String, Codable, CaseIterable, Comparable, Sendable {
      /// Clients are turned away, or can't come in.
      case critical
      /// Clients are served, with less in reserve than is meant.
      case warning
      /// Somebody wants it so, or it goes away by itself.
      case notice

      /// The worst is the least.
      package static func < (one: Severity, other: Severity) -> Bool {
        allCases.firstIndex(of: one) ?? 0 < allCases.firstIndex(of: other) ?? 0
      }
    }

    /// What it's about.
    package enum Kind: String, Codable, CaseIterable, Sendable {
      /// A pool that is degraded or down.
      case pool
      /// A backend that gets no sessions, or only for want of better knowledge; a name without an address.
      case backend
      /// A backend whose certificate ends within 14 days, or has ended, as its health checks see it.
      case certificate
      /// A listener that takes no clients.
      case listener
      /// A listener's list of addresses that isn't right: what it said before holds.
      case admission
      /// Clients who were turned away within the last minute.
      case refusals
      /// Something that the process is about to run out of.
      case limit
      /// Lines of the access log that can't be written.
      case accessLog
      /// A reload that was refused, or that waits for its turn.
      case reload
      /// A configuration that has still to be confirmed, or is taken back.
      case confirmation
      /// A restart that would read another configuration than the one that runs.
      case restart
      /// Another process that takes this one's place, or whose place this one has taken.
      case upgrade
      /// Sessions that are to be ended.
      case eviction
      /// An override that changes nothing, because what it's about isn't there.
      case override
      /// The log of the fleet, or one of its nodes.
      case fleet
    }

    /// How bad it is.
    package var severity: Severity
    /// What it's about.
    package var kind: Kind
    /// Where it is, in words: `pool web`, `web/b1`, `listener mail`, `descriptors`.
    package var place: String
    /// What is so, in a word or two: `down`, `ejected`, `near its limit`.
    package var state: String
    /// Why, for people; empty if there's no more to say.
    package var reason: String
    /// Since when; nil where that isn't known.
    package var since: Timestamp?
    /// When it's over or decided at the latest; nil if that hangs on somebody.
    package var until: Timestamp?
    /// The pool that it's about, if it is about one or one of its backends.
    package var pool: String?
    /// The backend of that pool.
    package var backend: String?
    /// The listener that it's about.
    package var listener: String?

    /// With all its parts.
    package init(
      _ severity: Severity, _ kind: Kind, _ place: String, _ state: String, because reason: String,
      since: Timestamp? = nil, until: Timestamp? = nil, pool: String? = nil, backend: String? = nil,
      listener: String? = nil
    ) {
      self.severity = severity
      self.kind = kind
      self.place = place
      self.state = state
      self.reason = reason
      self.since = since
      self.until = until
      self.pool = pool
      self.backend = backend
      self.listener = listener
    }
  }

  /// From this share of a limit on it's near.
  package static let nearLimit = 0.8
}
