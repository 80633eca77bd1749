import Config
import Model

/// Writes the Prometheus text format, version 0.0.4: families of samples, each family with its help and type.
///
/// The names follow Prometheus' rules: a prefix, base units, `_total` on what only grows.
struct MetricsWriter {
  /// How a family's samples behave.
  enum Kind: String {
    /// Only grows.
    case counter
    /// Goes up and down.
    case gauge
    /// Quantiles with a count and a sum.
    case summary
    /// Counts by bounds, with a sum: these can be summed and rated.
    case histogram
  }

  /// The labels of a sample, in order.
  typealias Labels = [(name: String, value: String)]

  /// The text so far.
  private(set) var text = ""

  /// Writes a family. Without samples nothing is written.
  mutating func family(_ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
    guard !samples.isEmpty else { return }
    head(name, kind, help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  /// Writes a family of distributions: the quantiles, of which the last, 1, is the longest, then sum and count.
  mutating func summaries(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Report.Distribution)]) {
    guard !samples.isEmpty else { return }
    head(name, .summary, help)
    for (labels, value) in samples {
      for (quantile, seconds) in [("0.5", value.p50), ("0.9", value.p90), ("0.99", value.p99), ("1", value.max)] {
        // Nothing was measured: no number is true, and NaN is what Prometheus' own clients say then.
        line(name, labels + [("quantile", quantile)], value.count == 0 ? .nan : seconds)
      }
      line(name + "_sum", labels, value.sum)
      line(name + "_count", labels, Double(value.count))
    }
  }

  /// Writes a family of histograms: for each bound how many stayed within it, then sum and count.
  mutating func histograms(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Report.Histogram)]) {
    guard !samples.isEmpty else { return }
    head(name, .histogram, help)
    for (labels, value) in samples {
      var within = 0
      for (bound, count) in zip(value.bounds + [.infinity], value.counts) {
        within += count
        line(name + "_bucket", labels + [("le", Self.number(bound))], Double(within))
      }
      line(name + "_sum", labels, value.sum)
      line(name + "_count", labels, Double(within))
    }
  }

  private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func line(_ name: String, _ labels: Labels, _ value: Double) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
    }
    text += " \(Self.number(value))\n"
  }

  /// A label's value with what the format gives a meaning to taken out of it: backslash, quote and line feed.
  static func escaped(_ value: String) -> String {
    var escaped = ""
    // By scalar, for Swift takes a carriage return with a line feed for one character.
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// A sample's value: whole numbers without a fraction, which `2.0` would have.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int(exactly: value).map(String.init) ?? "\(value)"
  }
}
