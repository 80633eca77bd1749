package import Config
import Control
import Doors
import Glibc
package import Logging
import Sockets

/// What is about to run, for the log: the listeners, pools and limits, and what the kernel offers for it.
package struct StartupSummary {
  private let service: Service
  private let configuration: Configuration
  private let file: String
  private let version: String

  /// The summary of a service that is bound and doesn't run yet.
  ///
  /// - Parameters:
  ///   - configuration: what the service was made from.
  ///   - file: where that was read.
  ///   - version: the program's.
  package init(of service: Service, configuration: Configuration, file: String, version: String) {
    self.service = service
    self.configuration = configuration
    self.file = file
    self.version = version
  }

  /// Logs it.
  package func log(to logger: Logger) {
    logger.notice(
      "martlet starts", metadata: ["version": "\(version)", "pid": .stringConvertible(getpid()), "config": "\(file)"])
    for warning in configuration.warnings {
      logger.warning("doubtful configuration", metadata: ["config": "\(file)", "what": "\(warning)"])
    }
    logListeners(to: logger)
    for pool in configuration.pools {
      logger.info(
        "pool",
        metadata: [
          "pool": "\(pool.name)", "strategy": "\(pool.strategy.rawValue)",
          "backends": .stringConvertible(pool.backends.count), "check": "\(pool.health.check.name)",
        ])
    }
    if let address = service.statsAddress { logger.info("stats port", metadata: ["address": "\(address)"]) }
    logger.info(
      "limits",
      metadata: [
        "workers": .stringConvertible(configuration.workers.count(cores: ProcessorCount.available)),
        "sessions": .stringConvertible(service.limits.sessions),
        "descriptors": .stringConvertible(service.limits.descriptors),
        "pipes": .stringConvertible(service.limits.pipes),
      ])
    if service.limits.sessions < Limits.fewSessions {
      logger.warning(
        "few sessions fit into the descriptors that the process may have: \(service.limits.sessions)",
        metadata: [
          "descriptors": .stringConvertible(service.limits.descriptors),
          "hint": "raise the hard limit: ulimit -Hn, or LimitNOFILE= of the systemd unit",
        ])
    }
    logger.info("kernel features in use", metadata: ["features": .array(KernelFeatures.inUse.map { "\($0)" })])
    for feature in KernelFeatures.missing {
      logger.warning("kernel feature missing", metadata: ["feature": "\(feature)"])
    }
  }

  private func logListeners(to logger: Logger) {
    for (listener, bound) in zip(configuration.listeners, service.addresses) {
      var metadata: Logger.Metadata = [
        "listener": "\(listener.name)", "address": "\(bound.address)",
        "pool": "\(listener.pools.joined(separator: ", "))",
      ]
      if listener.maxSessions != .max { metadata["maxSessions"] = .stringConvertible(listener.maxSessions) }
      logger.info("listening", metadata: metadata)
    }
  }
}
