import Libevent
import Logging

/// Warns once when the process comes near a limit, and says when that is over.
final class HeadroomWatch {
  /// How often it's looked at.
  static let interval = Duration.seconds(5)

  private let logger: Logger
  private let look: () -> Report.Headroom
  private var warned: Set<String> = []
  private var timer: Timer?

  init(on loop: EventLoop, logger: Logger, look: @escaping () -> Report.Headroom) {
    self.logger = logger
    self.look = look
    timer = Timer(on: loop) { [unowned self] in
      assess()
      timer?.schedule(after: Self.interval)
    }
    timer?.schedule(after: Self.interval)
  }

  private func assess() {
    for resource in look().resources {
      if resource.share >= HeadroomAssessment.warning, warned.insert(resource.name).inserted {
        logger.warning(
          "\(resource.name): \(resource.used) of \(resource.limit) are used",
          metadata: ["resource": "\(resource.name)", "share": "\(Int(resource.share * 100))%"])
      } else if resource.share < HeadroomAssessment.relief, warned.remove(resource.name) != nil {
        logger.notice(
          "\(resource.name): \(resource.used) of \(resource.limit) are used again",
          metadata: ["resource": "\(resource.name)"])
      }
    }
  }
}
