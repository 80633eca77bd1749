package import Config
package import Logging

/// Hands what is logged to a sink; swift-log's side of the log.
package struct MartletLogHandler: LogHandler {
  /// What is less severe isn't logged: the sink's level, unless this handler was given one of its own.
  package var logLevel: Logger.Level {
    get { own ?? Logger.Level(sink.level) }
    set { own = newValue }
  }
  /// What every message is about.
  package var metadata: Logger.Metadata = [:]
  /// Where more of that comes from.
  package var metadataProvider: Logger.MetadataProvider?

  private var own: Logger.Level?
  private let sink: LogSink

  /// A handler that logs to the sink.
  package init(sink: LogSink) {
    self.sink = sink
  }

  /// One entry of the metadata.
  package subscript(metadataKey key: String) -> Logger.MetadataValue? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Takes a message; never waits.
  package func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    if let error = event.error { all["error"] = "\(error)" }
    sink.write(LogRecord(level: event.level, message: event.message.description, metadata: all))
  }
}

extension Logger {
  /// The program's logger, which writes to the sink.
  package init(sink: LogSink, level: LogLevel) {
    sink.level = level
    self.init(label: "martlet") { _ in MartletLogHandler(sink: sink) }
  }
}

extension Logger.Level {
  /// The level of a configuration.
  package init(_ level: LogLevel) {
    self =
      switch level {
      case .trace: .trace
      case .debug: .debug
      case .info: .info
      case .notice: .notice
      case .warning: .warning
      case .error: .error
      case .critical: .critical
      }
  }
}
