/// The last minute of a figure, a sample a second.
struct Series: Equatable {
  /// How many samples are kept.
  static let length = 60

  private var samples: [Double?] = []
  /// How many samples there have been.
  private var count = 0

  /// Adds a sample; nil where the figure isn't known.
  mutating func add(_ sample: Double?) {
    if samples.count == Self.length { samples.removeFirst() }
    samples.append(sample)
    count += 1
  }

  /// The series in so many cells, the newest last: means of the samples that share a cell; nil where none is known.
  ///
  /// Cells begin at multiples of their size, counted from the first sample: so a sample never moves to another cell.
  func cells(_ width: Int) -> [Double?] {
    guard width > 0 else { return [] }
    let size = (Self.length + width - 1) / width
    let cells = (Self.length + size - 1) / size
    let newest = (count - 1) / size
    var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: cells)
    for (offset, sample) in samples.enumerated() {
      guard let sample else { continue }
      let cell = cells - 1 - (newest - (count - samples.count + offset) / size)
      guard sums.indices.contains(cell) else { continue }
      sums[cell] = (sums[cell].sum + sample, sums[cell].count + 1)
    }
    return sums.map { $0.count == 0 ? nil : $0.sum / Double($0.count) }
  }
}

/// A curve in a line of text.
enum Sparkline {
  private static let bars = Array("▁▂▃▄▅▆▇█")

  /// The curve of the cells, of which the largest possible value is the peak: the lowest bar is nothing, and whatever is
  /// more than nothing is higher than that.
  static func text(_ cells: [Double?], peak: Double) -> String {
    String(
      cells.map { value in
        guard let value, value.isFinite else { return " " }
        guard value > 0, peak > 0 else { return bars[0] }
        return bars[min(bars.count - 1, Int((min(value / peak, 1) * Double(bars.count - 1)).rounded(.up)))]
      })
  }
}
