package import Model

/// `martlet top` without its terminal: what has happened, and what is to be done about it.
package struct TopModel: Sendable {
  /// Something that happens.
  package enum Event: Sendable {
    /// A key was pressed.
    case key(TopKey)
    /// The process told how it is.
    case report(Report)
    /// The process didn't.
    case silence(DoorError)
    /// What was asked for is done, or isn't.
    case outcome(Result<AdminAnswer.Done, DoorError>)
    /// The terminal has another size.
    case resized(columns: Int, rows: Int)
  }

  /// Something to do.
  package enum Effect: Equatable, Sendable {
    /// End.
    case quit
    /// Give the terminal back until the shell wakes us.
    case suspend
    /// Draw all of the screen.
    case redraw
    /// Ask the process for this.
    case ask(AdminRequest.Override)
  }

  /// What the keys are for at the moment.
  enum Mode: Equatable {
    case watching
    case help
    /// All that is known of the selected backend is shown.
    case details
    /// The loudest clients of the listeners that count theirs are shown.
    case clients
    case asking(AdminRequest.Override)
  }

  /// A line about what was done, until the next key.
  struct Message: Equatable {
    var text: String
    var isBad: Bool
  }

  /// The socket that is asked, for people.
  let socket: String
  private(set) var columns: Int
  private(set) var rows: Int
  private(set) var mode = Mode.watching
  private(set) var sorting = TopColumn.backend
  private(set) var isReversed = false
  private(set) var message: Message?
  /// Why there is no answer at present; nil as long as there is.
  private(set) var silence: DoorError?
  private var selected: BackendPath?
  private var live = TopFigures()
  /// What was known when the pause began.
  private var frozen: TopFigures?

  /// Nothing is known yet.
  package init(socket: String, columns: Int, rows: Int) {
    self.socket = socket
    self.columns = columns
    self.rows = rows
  }

  /// What is shown.
  var figures: TopFigures { frozen ?? live }
  /// Whether the screen stands still.
  var isPaused: Bool { frozen != nil }

  /// Takes an event, and tells what to do about it.
  package mutating func handle(_ event: Event) -> Effect? {
    switch event {
    case .key(let key): return press(key)
    case .report(let report):
      live.take(report)
      silence = nil
    case .silence(let error): silence = error
    case .outcome(.success(let done)):
      message = Message(text: ([done.message] + done.warnings).joined(separator: "; "), isBad: !done.warnings.isEmpty)
    case .outcome(.failure(let error)): message = Message(text: error.line, isBad: true)
    case .resized(let columns, let rows): (self.columns, self.rows) = (columns, rows)
    }
    return nil
  }

  /// Every backend in the order in which it's shown, and which of them is selected.
  var backends: [(pool: Report.Pool, rows: [TopRow])] {
    (figures.report?.pools ?? []).map { pool in
      let rows = pool.backends.map { backend in
        let path = BackendPath(pool: pool.name, backend: backend.name)
        return TopRow(path: path, backend: backend, past: figures.past(of: path))
      }
      return (pool, sorting.sorted(rows, isReversed: isReversed))
    }
  }

  /// The selected backend: the one that was chosen as long as it's there, else the first.
  var selection: BackendPath? {
    let paths = backends.flatMap { $0.rows.map(\.path) }
    return selected.flatMap { paths.contains($0) ? $0 : nil } ?? paths.first
  }
}

// MARK: - Keys

extension TopModel {
  private mutating func press(_ key: TopKey) -> Effect? {
    switch key {
    case .interrupt: return .quit
    case .suspend: return .suspend
    case .redraw: return .redraw
    default: break
    }
    message = nil
    switch mode {
    case .watching: return watch(key)
    case .details:
      switch key {
      case .enter, .escape, .character("q"): mode = .watching
      default: return watch(key)
      }
      return nil
    case .clients:
      switch key {
      case .character("c"), .escape, .character("q"): mode = .watching
      case .character("p"), .character(" "), .character("h"), .character("?"): return watch(key)
      default: break
      }
      return nil
    case .help:
      mode = .watching
      return nil
    case .asking(let request):
      switch key {
      case .character("y"), .character("Y"):
        mode = .watching
        message = Message(text: "…", isBad: false)
        return .ask(request)
      case .character("n"), .character("N"), .character("q"), .escape: mode = .watching
      default: break
      }
      return nil
    }
  }

  private mutating func watch(_ key: TopKey) -> Effect? {
    switch key {
    case .character("q"): return .quit
    case .character("h"), .character("?"): mode = .help
    case .character("s"), .right: sorting = sorting.next
    case .left: sorting = sorting.previous
    case .character("o"): isReversed.toggle()
    case .character("p"), .character(" "): frozen = isPaused ? nil : live
    case .up, .character("k"): select(-1)
    case .down, .character("j"): select(1)
    case .pageUp: select(-10)
    case .pageDown: select(10)
    case .home: select(.min)
    case .end: select(.max)
    case .character("d"): ask(.drain)
    case .character("m"): ask(.maintain)
    case .character("r"): ask(.ready)
    case .enter: if selection != nil { mode = .details }
    case .character("c"): mode = .clients
    default: break
    }
    return nil
  }

  /// Selects the backend so many rows further down.
  private mutating func select(_ offset: Int) {
    let paths = backends.flatMap { $0.rows.map(\.path) }
    guard let selection, let index = paths.firstIndex(of: selection) else { return }
    let target = index + min(max(offset, -paths.count), paths.count)
    selected = paths[min(max(0, target), paths.count - 1)]
  }

  private mutating func ask(_ action: AdminRequest.Override.Action) {
    guard let selection else { return }
    mode = .asking(AdminRequest.Override(pool: selection.pool, backend: selection.backend, action: action))
  }
}
