import Model

/// Things of one kind with their labels, from which families take their samples.
struct MetricsRows<Thing> {
  /// The samples of a family.
  typealias Samples = [(labels: MetricsWriter.Labels, value: Double)]

  private let rows: [(labels: MetricsWriter.Labels, thing: Thing)]

  /// Things with the labels that tell them apart.
  init(_ rows: [(labels: MetricsWriter.Labels, thing: Thing)]) {
    self.rows = rows
  }

  /// - Parameter labels: tell the things apart.
  init(_ things: [Thing], labels: (Thing) -> MetricsWriter.Labels) {
    self.init(things.map { (labels($0), $0) })
  }

  /// A sample for each thing that has the value.
  func each(_ value: (Thing) -> Double?) -> Samples {
    rows.compactMap { row in value(row.thing).map { (row.labels, $0) } }
  }

  /// The same of a count.
  func counts(_ value: (Thing) -> Int?) -> Samples { each { value($0).map(Double.init) } }

  /// What else is to be known of each thing, in labels.
  func info(_ labels: (Thing) -> MetricsWriter.Labels) -> Samples {
    rows.map { ($0.labels + labels($0.thing), 1) }
  }

  /// A sample for each state: 1 for the present one.
  func states<State: CaseIterable & RawRepresentable<String> & Equatable>(_ state: (Thing) -> State) -> Samples {
    rows.flatMap { row in
      State.allCases.map { (row.labels + [("state", $0.rawValue)], $0 == state(row.thing) ? 1 : 0) }
    }
  }

  /// A sample for each cause.
  func causes(_ counts: (Thing) -> [String: Int], label: String = "cause") -> Samples {
    rows.flatMap { row in
      counts(row.thing).sorted { $0.key < $1.key }.map { cause in
        (row.labels + [(label, Self.snakeCase(cause.key))], Double(cause.value))
      }
    }
  }

  /// A sample for each way.
  func directions(_ bytes: (Thing) -> Report.Bytes) -> Samples {
    rows.flatMap { row in
      [("to_backend", bytes(row.thing).toBackend), ("to_client", bytes(row.thing).toClient)]
        .map { (row.labels + [("direction", $0.0)], Double($0.1)) }
    }
  }

  /// What is told of each thing in several lines; nothing of those that don't have it.
  func lines<Value>(_ value: (Thing) -> Value?) -> [(labels: MetricsWriter.Labels, value: Value)] {
    rows.compactMap { row in value(row.thing).map { (row.labels, $0) } }
  }

  /// `queueTimeout` as Prometheus' users write it: `queue_timeout`.
  static func snakeCase(_ word: String) -> String {
    word.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
  }
}
