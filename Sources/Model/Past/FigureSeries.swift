/// The figures of the steps of an hour, the latest last.
///
/// Steps have numbers by the machine's monotonic clock, which all its processes share until it's booted again: so what one
/// process has noted goes together with what the next one notes.
package struct FigureSeries: Equatable, Sendable {
  /// How long a step is, in seconds.
  package static let step = 5
  /// How many steps are kept: those of an hour.
  package static let length = 720

  /// The number of the first step.
  package private(set) var first: Int
  /// One for each step from the first on; nil where nothing was noted.
  package private(set) var figures: [Figures?]

  /// These, from that step on; only the latest of them if they are too many.
  package init(first: Int = 0, _ figures: [Figures?] = []) {
    self.first = first
    self.figures = figures
    trim()
    // Room for all there will be, and for one before another is dropped: an array that grows by itself takes up to twice as much.
    self.figures.reserveCapacity(Self.length + 1)
  }

  /// The number of the step that comes after the last.
  package var end: Int { first + figures.count }

  /// The figures of a step; nil if there are none.
  package subscript(step: Int) -> Figures? {
    step >= first && step < end ? figures[step - first] : nil
  }

  /// Notes a step, or one more part of a step; what is earlier than the first is left out.
  package mutating func note(_ new: Figures, at step: Int) {
    if figures.isEmpty || step - end >= Self.length { self = FigureSeries(first: step) }
    guard step >= end else {
      if step >= first { figures[step - first] = self[step].map { new.adding($0) } ?? new }
      return
    }
    figures += Array(repeating: nil, count: step - end)
    figures.append(new)
    trim()
  }

  /// Takes what another process has noted before this one. A step that both have was begun there and ended here.
  package mutating func fill(from older: FigureSeries) {
    guard !older.figures.isEmpty, !figures.isEmpty else {
      if figures.isEmpty { self = older }
      return
    }
    let (start, stop) = (max(min(first, older.first), max(end, older.end) - Self.length), max(end, older.end))
    self = FigureSeries(
      first: start,
      (start..<stop).map { step in
        guard let before = older[step], let after = self[step] else { return older[step] ?? self[step] }
        return after.adding(before)
      })
  }

  private mutating func trim() {
    let excess = figures.count - Self.length
    guard excess > 0 else { return }
    figures.removeFirst(excess)
    first += excess
  }
}
