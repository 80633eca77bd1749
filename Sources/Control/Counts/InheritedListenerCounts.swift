package import Proxy

/// What processes before this one have counted of listeners, kept by name beside the listeners that are here: it needn't
/// follow them when they go and come back.
package struct InheritedListenerCounts {
  /// By the names that they have there.
  private var counts: [String: ListenerCounts] = [:]
  /// What those of them are called here that were renamed.
  private var renamed: [String: String] = [:]

  /// What was counted of a listener that has this name here.
  subscript(name: String) -> ListenerCounts {
    originals(of: name).reduce(into: ListenerCounts()) { sum, original in counts[original].map { sum.add($0) } }
  }

  /// The listeners of which anything was counted, as they are called here.
  var names: Set<String> { Set(counts.keys.map { renamed[$0] ?? $0 }) }

  private func originals(of name: String) -> [String] {
    renamed.filter { $0.value == name }.map(\.key) + (renamed[name] == nil ? [name] : [])
  }

  /// A listener has another name: what the process before tells of it, now and later, goes along.
  mutating func rename(_ name: String, to new: String) {
    for original in originals(of: name) { renamed[original] = new }
  }

  /// Takes what the process before has counted, in place of what it has told of the same before.
  package mutating func take(_ news: [String: ListenerCounts]) {
    counts.merge(news) { $1 }
  }

  /// The process before is gone, and with it every session that it had left.
  package mutating func settle() {
    for name in counts.keys { counts[name]?.settle() }
  }
}
