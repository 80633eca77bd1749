import Balancing
import Config
import Libevent
import Sockets
final class HealthChecker { var lastOutcome: ProbeOutcome?; var nextIn: Duration?
 init(check: HealthCheck, address: SocketAddress, hostHeader: String, timeout: Duration, firstDelay: Duration, on loop: EventLoop, evaluate: @escaping (ProbeOutcome) -> Duration) {}
 func checkNow() {}; func stop() {} }
final class Resolver { init(_ c: ResolverConfiguration, on: EventLoop) {} }
final class NameWatcher { init(_ name: String, resolver: Resolver, interval: Duration, on: EventLoop, failed: @escaping (String)->Void, changed: @escaping ([SocketAddress])->Void) {} }
