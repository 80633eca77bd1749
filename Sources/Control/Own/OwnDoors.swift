package import Config
import Libevent
import Logging
import Sockets
import SystemPackage

/// Knows at which addresses this process answers, by the kernel's own view of what this machine's addresses are, and says
/// when that changes.
///
/// A backend there would have the process connect to itself: one client then takes all sessions within moments.
package final class OwnDoors {
  /// What this process answers at now.
  package var open: () -> [OwnDoor] = { [] }
  /// Told when a look at all backends is due: the machine's addresses have changed, or a look was asked for.
  var changed: (() -> Void)?

  private let routes = LocalRoutes()
  private let loop: EventLoop
  private var news: NewsReceiver?
  private var timer: Timer?

  /// How long until a second look at what was found to be our own: not all that ends it is told of. An interface that goes
  /// takes its addresses along without a word.
  private static let interval = Duration.seconds(10)

  /// Asks, and listens for changes, on a loop.
  init(on loop: EventLoop, logger: Logger) {
    self.loop = loop
    timer = Timer(on: loop) { [unowned self] in changed?() }
    guard routes.canAsk else {
      logger.warning("the kernel doesn't say which addresses are this machine's: of our own only loopback is known")
      return
    }
    do throws(Errno) {
      news = NewsReceiver(try LocalRouteNews(), on: loop) { [unowned self] in changed?() }
    } catch {
      logger.warning("the kernel doesn't tell of new addresses of this machine: \(error)")
    }
  }

  /// What it answers at now. To be used at once: the kernel is asked only once about each address.
  ///
  /// - Parameters:
  ///   - configuration: what says where clients go.
  ///   - more: what it answers at perhaps soon.
  package func directory(for configuration: Configuration, with more: [OwnDoor] = []) -> OwnDirectory {
    var known: [SocketAddress: Bool] = [:]
    return OwnDirectory(open() + more, of: configuration) { [routes] address in
      let host = address.with(port: 0)
      if let isLocal = known[host] { return isLocal }
      let isLocal = routes.isLocal(host)
      known[host] = isLocal
      return isLocal
    }
  }

  /// What has just been opened or closed isn't everywhere yet: looks again when it is.
  func lookSoon() {
    timer?.schedule(after: .seconds(1))
  }

  /// Somebody was found to be our own.
  func lookLater() {
    timer?.schedule(after: Self.interval)
  }

  /// Looks no more.
  func stop() {
    timer?.cancel()
    news = nil
  }
}

/// Tells of the kernel's news.
private final class NewsReceiver: IOHandler {
  private let news: LocalRouteNews
  private let changed: () -> Void
  private var event: IOEvent?

  init(_ news: LocalRouteNews, on loop: EventLoop, changed: @escaping () -> Void) {
    self.news = news
    self.changed = changed
    super.init()
    event = IOEvent(news.descriptor, on: loop, trigger: .level, handler: self)
  }

  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    news.take()
    changed()
  }

  deinit {
    event = nil
    news.close()
  }
}
