extension Duration {
  /// In seconds.
  package var inSeconds: Double {
    self / .seconds(1)
  }
}
