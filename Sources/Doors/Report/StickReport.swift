import Model
import Proxy

extension Report.Stick {
  /// What a table says of itself.
  init(_ figures: StickFigures) {
    self.init(
      entries: figures.entries, size: figures.limit, lifetime: figures.lifetime, hits: figures.counts.hits,
      moves: figures.counts.moves, evictions: figures.counts.evictions,
      unacknowledged: figures.counts.unacknowledged)
  }
}
