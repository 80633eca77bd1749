import Config
import Libevent
import Sockets
final class Resolver { init(_ c: ResolverConfiguration, on: EventLoop) {} }
final class NameWatcher {
  init(
    _ name: String, resolver: Resolver, interval: Duration, on: EventLoop, failed: @escaping (String) -> Void,
    changed: @escaping ([SocketAddress]) -> Void
  ) {}
}
