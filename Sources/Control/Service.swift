package import Config
import Glibc
package import Libevent
package import Logging
import Proxy
package import Sockets

/// How a service ended.
package enum Ending: Equatable, Sendable {
  /// As asked, with every session ended by itself.
  case drained
  /// As asked, but so many sessions were cut off: the time to drain was over, or a second signal came.
  case cutOff(sessions: Int)
}

/// What another thread asks of a service.
package enum ServiceCommand: Sendable {
  /// What SIGTERM does: a graceful stop, and at once when asked again.
  case stop
}

/// The whole proxy in one process: binds what the configuration says, runs the workers and the control plane's loop.
package final class Service {
  /// The listeners' names and addresses, with the ports that the kernel chose.
  package let addresses: [(listener: String, address: SocketAddress)]
  /// Where the stats port answers; nil if there's none.
  package var statsAddress: SocketAddress? { statsServer?.address }
  /// Takes commands from any thread.
  package let inbox = Mailbox<ServiceCommand>()
  /// What it may use.
  package let limits: Limits

  private let configuration: Configuration
  private let logger: Logger
  private let loop: EventLoop
  private let workforce: Workforce
  private let controller: Controller
  private let bindings: [Binding]
  private let reporter: Reporter
  private var statsServer: StatsServer?
  private let events = Mailbox<WorkerEvent>()
  private var receivers: [MailboxReceiver] = []
  private var signals: [SignalEvent] = []
  private var shutdown: Shutdown?

  /// Binds every listener and the stats port; nothing is accepted yet. To be made by the thread that runs it.
  ///
  /// - Parameter version: the program's, for the stats port.
  package init(configuration: Configuration, logger: Logger, version: String) throws(StartError) {
    self.configuration = configuration
    self.logger = logger
    let workers = configuration.workers.count(cores: ProcessorCount.available)
    limits = Limits(for: configuration)
    loop = EventLoop()
    workforce = Workforce(count: workers)
    bindings = try Self.bind(configuration.listeners, workers: workers)
    addresses = zip(configuration.listeners, bindings).map { ($0.name, $1.address) }
    controller = Controller(configuration, workforce: workforce, on: loop, logger: logger)
    reporter = Reporter(controller: controller, bindings: bindings, limits: limits, version: version)
    if let stats = configuration.stats {
      do {
        statsServer = try StatsServer(on: loop, bind: stats.bind) { [reporter] in reporter.report() }
      } catch {
        for binding in bindings { binding.close() }
        throw StartError(
          "stats port: \(stats.bind): \(error.description.lowercased())",
          hint: "choose another address for \"stats\", or leave it out")
      }
    }
  }

  /// Runs until it's told to stop, by a signal or through the inbox, and has drained.
  package func run() -> Ending {
    // A peer that is gone must show as an error of the call, not as the end of the process.
    Glibc.signal(SIGPIPE, SIG_IGN)
    receivers = [
      events.receive(on: loop) { [unowned self] in note($0) },
      inbox.receive(on: loop) { [unowned self] in obey($0) },
    ]
    signals = [SIGTERM, SIGINT].map { signal in
      SignalEvent(signal, on: loop) { [unowned self] in obey(.stop) }
    }
    start()
    loop.run()
    return end()
  }

  private func start() {
    let statuses = configuration.listeners.map {
      ListenerStatus(name: $0.name, maxSessions: $0.maxSessions, workers: workforce.count)
    }
    reporter.listeners = statuses
    let listening = (0..<workforce.count).map { worker in
      zip(statuses, bindings).map { ListeningSocket(status: $0, socket: $1.sockets[worker]) }
    }
    workforce.start(listening: listening, table: controller.makeTable(), control: events, limits: limits)
  }

  private func end() -> Ending {
    controller.stop()
    let left = workforce.sessionSlots.taken
    workforce.post(.stop)
    workforce.join()
    for binding in bindings { binding.removeFile() }
    statsServer = nil
    receivers = []
    signals = []
    shutdown = nil
    logger.notice("stopped", metadata: ["sessionsCutOff": "\(left)"])
    return left == 0 ? .drained : .cutOff(sessions: left)
  }

  private func note(_ event: WorkerEvent) {
    switch event {
    case .connectFailed(let backend, let error, let failures):
      controller.connectFailed(backend, error, inARow: failures)
    case .descriptorsExhausted(let listener):
      logger.warning(
        "no descriptor is left for another client; the listener pauses", metadata: ["listener": "\(listener)"])
    case .drained(let worker):
      shutdown?.workerDrained(worker)
    }
  }

  private func obey(_ command: ServiceCommand) {
    switch command {
    case .stop:
      if let shutdown { return shutdown.hurry() }
      logger.notice(
        "stopping: no new sessions, \(workforce.sessionSlots.taken) may go on for \(configuration.shutdown.drain.configured)"
      )
      reporter.isDraining = true
      shutdown = Shutdown(workforce, limit: configuration.shutdown.drain, on: loop)
    }
  }

  private static func bind(_ listeners: [ListenerConfiguration], workers: Int) throws(StartError) -> [Binding] {
    var bindings: [Binding] = []
    do throws(StartError) {
      for listener in listeners { bindings.append(try Binding(listener, workers: workers)) }
      return bindings
    } catch {
      for binding in bindings { binding.close() }
      throw error
    }
  }
}
