/// What the admin door answers, as JSON. `GET /v1/status` answers a `Report`.
package enum AdminAnswer {
  /// Why something was refused, and what helps. The status code tells the kind: 400 malformed, 404 no such thing,
  /// 409 not in the present state, 422 understood and impossible, 503 not at the moment.
  package struct Problem: Error, Codable, Equatable, Sendable {
    /// What is wrong.
    package var error: String
    /// What to do about it.
    package var hint: String?
    /// Where there are several things: each of them, such as the errors of a configuration file.
    package var details: [String]?
    /// What kind of problem it is, where a program may want to know.
    package var kind: Kind?

    /// What a program may want to know.
    package enum Kind: String, Codable, CaseIterable, Sendable {
      /// The configuration is wrong, or can't be read.
      case configuration
    }

    /// A problem with its remedy.
    package init(_ error: String, hint: String? = nil, details: [String]? = nil, kind: Kind? = nil) {
      self.error = error
      self.hint = hint
      self.details = details
      self.kind = kind
    }
  }

  /// `GET /v1/overrides`.
  package struct Overrides: Codable, Equatable, Sendable {
    /// All that hold, in the order in which they were made.
    package var overrides: [Report.Override]
    /// What is said of who may come in, likewise; nil if nothing is.
    package var admission: [AdmissionLease]?

    /// With all its parts.
    package init(overrides: [Report.Override], admission: [AdmissionLease]? = nil) {
      self.overrides = overrides
      self.admission = admission
    }
  }

  /// A change was made.
  package struct Done: Codable, Equatable, Sendable {
    /// What was done, for people.
    package var message: String
    /// What to mind, such as that nobody is left to serve the pool.
    package var warnings: [String]
    /// Of a change that a fleet has agreed on: where it has got.
    package var fleet: Agreed?

    /// With all its parts.
    package init(message: String, warnings: [String], fleet: Agreed? = nil) {
      self.message = message
      self.warnings = warnings
      self.fleet = fleet
    }
  }

  /// How far a change has got that a fleet has agreed on.
  package struct Agreed: Codable, Equatable, Sendable {
    /// The entry of the fleet's log that it is.
    package var position: Int
    /// The nodes on which it holds, and will after a crash.
    package var applied: [String]
    /// The other nodes: they follow.
    package var waiting: [String]

    /// With all its parts.
    package init(position: Int, applied: [String], waiting: [String]) {
      self.position = position
      self.applied = applied
      self.waiting = waiting
    }

    /// In words: `position 42, applied on 3 of 3`.
    package var text: String {
      "position \(position), applied on \(applied.count) of \(applied.count + waiting.count)"
    }
  }

  /// `POST /v1/upgrade`.
  package struct Upgraded: Codable, Equatable, Sendable {
    /// The process that serves now.
    package var pid: Int
    /// Its version.
    package var version: String
    /// How many sessions the old process still serves.
    package var draining: Int
    /// Until when they may go on.
    package var deadline: Timestamp

    /// With all its parts.
    package init(pid: Int, version: String, draining: Int, deadline: Timestamp) {
      self.pid = pid
      self.version = version
      self.draining = draining
      self.deadline = deadline
    }
  }

  /// `GET` and `PUT /v1/log`.
  package struct Log: Codable, Equatable, Sendable {
    /// The least severe messages that are logged.
    package var level: String

    /// With all its parts.
    package init(level: String) {
      self.level = level
    }
  }
}
