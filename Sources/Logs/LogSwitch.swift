package import Config

/// How a sink logs, changed while the program runs. What the command line has said holds over what a configuration says.
package final class LogSwitch {
  /// What the command line can say.
  package enum Setting: Sendable {
    case level
    case format
  }

  private let sink: LogSink?
  private let fixed: Set<Setting>

  /// A switch for a sink.
  ///
  /// - Parameter fixed: what the command line has chosen, so that a reload doesn't change it.
  package init(_ sink: LogSink?, fixed: Set<Setting> = []) {
    self.sink = sink
    self.fixed = fixed
  }

  /// The least severe messages that are logged.
  package var level: LogLevel {
    get { sink?.level ?? .info }
    set { sink?.level = newValue }
  }

  /// Takes what a new configuration says.
  package func use(_ settings: LogConfiguration) {
    if !fixed.contains(.level) { level = settings.level }
    if !fixed.contains(.format) { sink?.use(settings.format) }
  }
}
