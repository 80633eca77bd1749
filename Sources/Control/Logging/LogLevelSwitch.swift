import Config
import Logging

/// What is logged, changed while the program runs. What the command line has said holds over what a configuration says.
package final class LogLevelSwitch {
  private let sink: LogSink?
  private let isFixed: Bool

  /// A switch for the sink's level.
  ///
  /// - Parameter isFixed: the command line has chosen the level, so that a reload doesn't change it.
  package init(_ sink: LogSink?, isFixed: Bool = false) {
    self.sink = sink
    self.isFixed = isFixed
  }

  /// The least severe messages that are logged.
  var level: LogLevel {
    get { sink?.level ?? .info }
    set { sink?.level = newValue }
  }

  /// Takes what a new configuration says.
  func adopt(_ settings: LogConfiguration) {
    if !isFixed { level = settings.level }
  }
}
