import Glibc
import Libevent
import Model
import Text

/// `martlet top`: a loop that waits for keys, signals, the second and answers, and draws after each.
package final class TopProgram {
  /// How often the process is asked.
  private static let interval = Duration.seconds(1)
  /// How long an answer may take; the screen says so after that.
  private static let patience = Duration.seconds(5)

  /// What the thread is to ask for.
  private enum Question: Sendable {
    case status
    case change(AdminRequest.Override)
  }

  private let loop = EventLoop()
  private let terminal: RawTerminal
  private let isColoured = Terminal.takesColour(STDOUT_FILENO)
  private let questions = Mailbox<Question>()
  private let answers = Mailbox<TopModel.Event>()
  private var model: TopModel
  private var isAsking = false

  /// Prepares to watch the process behind the door; nil if the standard input or output isn't a terminal.
  package init?(door: AdminDoor) {
    guard let terminal = RawTerminal() else { return nil }
    self.terminal = terminal
    let size = terminal.size
    model = TopModel(socket: door.socket, columns: size.columns, rows: size.rows)
    ask(door)
  }

  /// Runs until a key or a signal ends it.
  package func run() {
    terminal.take()
    defer { terminal.giveBack() }
    let keyboard = Keyboard { [unowned self] in typed() }
    let keys = IOEvent(STDIN_FILENO, on: loop, trigger: .level, handler: keyboard)
    let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { signal in
      SignalEvent(signal, on: loop) { [unowned self] in loop.stop() }
    }
    let resize = SignalEvent(SIGWINCH, on: loop) { [unowned self] in resized() }
    // Whoever stopped us from outside has used the terminal since.
    let wake = SignalEvent(SIGCONT, on: loop) { [unowned self] in retake() }
    let receiver = answers.receive(on: loop) { [unowned self] in answered($0) }
    let clock = Timer(on: loop) { [unowned self] in tick() }
    self.clock = clock
    tick()
    draw()
    loop.run()
    withExtendedLifetime((signals, resize, wake, receiver, clock, keyboard)) {}
    _ = consume keys
  }

  private var clock: Timer?

  // MARK: - What happens

  private func tick() {
    clock?.schedule(after: Self.interval)
    // Whoever hasn't answered yet isn't asked again.
    guard !isAsking else { return }
    isAsking = true
    questions.post(.status)
  }

  private func typed() {
    guard let bytes = terminal.read() else { return loop.stop() }
    for key in TopKey.read(bytes) { handle(.key(key)) }
    draw()
  }

  private func answered(_ event: TopModel.Event) {
    switch event {
    case .report, .silence: isAsking = false
    case .outcome:
      // What it has changed is to be seen at once.
      if !isAsking { questions.post(.status) }
      isAsking = true
    case .key, .resized: break
    }
    handle(event)
    draw()
  }

  private func resized() {
    let size = terminal.size
    handle(.resized(columns: size.columns, rows: size.rows))
    draw()
  }

  private func retake() {
    terminal.take()
    resized()
  }

  private func handle(_ event: TopModel.Event) {
    switch model.handle(event) {
    case .quit: loop.stop()
    case .redraw: terminal.take()
    case .suspend: suspend()
    case .ask(let request): questions.post(.change(request))
    case nil: break
    }
  }

  /// Stops until the shell wakes us. The kernel leaves out the stop where no shell could (a signal's default action for an
  /// orphaned process group, setpgid(2)).
  private func suspend() {
    terminal.giveBack()
    raise(SIGTSTP)
    retake()
  }

  private func draw() {
    terminal.write(model.frame(coloured: isColoured))
  }

  // MARK: - The thread that asks

  /// Asks in a thread of its own, as keys are to be obeyed while an answer is waited for. It ends with the process.
  private func ask(_ door: AdminDoor) {
    let (questions, answers) = (questions, answers)
    _ = LoopThread(name: "door") {
      let loop = EventLoop()
      let receiver = questions.receive(on: loop) { question in
        answers.post(Self.answer(question, from: door))
      }
      loop.run()
      withExtendedLifetime(receiver) {}
    }
  }

  private static func answer(_ question: Question, from door: AdminDoor) -> TopModel.Event {
    do throws(DoorError) {
      switch question {
      case .status: return .report(try door.ask(.status.within(patience)).answer)
      case .change(let request): return .outcome(.success(try door.ask(.override(request)).answer))
      }
    } catch {
      return switch question {
      case .status: .silence(error)
      case .change: .outcome(.failure(error))
      }
    }
  }
}

/// Waits for keys.
private final class Keyboard: IOHandler {
  private let typed: () -> Void

  init(typed: @escaping () -> Void) {
    self.typed = typed
  }

  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    typed()
  }
}
