package import Libevent
package import Logging
package import Model
import Sockets

/// Warns once when the process comes near a limit, and says when that is over.
package final class HeadroomWatch {
  /// How often it's looked at.
  static let interval = Duration.seconds(5)

  private let logger: Logger
  /// Counting the descriptors of many sessions takes milliseconds.
  private let counter: BackgroundWorker
  private let look: (_ openDescriptors: Int?) -> Report.Headroom
  /// Since when resources are near their limits that are, by their names.
  package private(set) var near: [String: Timestamp] = [:]
  private var timer: Timer?

  /// - Parameter look: assesses, with the number of descriptors that are open.
  package init(on loop: EventLoop, logger: Logger, look: @escaping (_ openDescriptors: Int?) -> Report.Headroom) {
    self.logger = logger
    self.look = look
    counter = BackgroundWorker(name: "headroom", on: loop)
    timer = Timer(on: loop) { [unowned self] in
      counter.perform {
        DescriptorLimit.inUse
      } then: { [unowned self] open in
        assess(look(open))
        timer?.schedule(after: Self.interval)
      }
    }
    timer?.schedule(after: Self.interval)
  }

  private func assess(_ headroom: Report.Headroom) {
    let present = Set(headroom.resources.map(\.name))
    near = near.filter { present.contains($0.key) }
    for resource in headroom.resources {
      if resource.share >= Report.nearLimit, near[resource.name] == nil {
        near[resource.name] = .now
        logger.warning(
          "\(resource.name): \(resource.used) of \(resource.limit) are used",
          metadata: ["resource": "\(resource.name)", "share": "\(Int(resource.share * 100))%"])
      } else if resource.share < HeadroomAssessment.relief, near.removeValue(forKey: resource.name) != nil {
        logger.notice(
          "\(resource.name): \(resource.used) of \(resource.limit) are used again",
          metadata: ["resource": "\(resource.name)"])
      }
    }
  }
}
