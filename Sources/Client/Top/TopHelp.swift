/// What the keys do.
enum TopHelp {
  /// In one line.
  static let keys = "q quit  ↑↓ select  ⏎ all  d drain  m maintain  r ready  ←→ sort  p pause  h help"
  /// The same where all of a backend is shown.
  static let detailKeys = "⏎ back  ↑↓ another  d drain  m maintain  r ready  p pause  h help"
  /// The same where clients are shown.
  static let clientKeys = "c back  p pause  h help"

  /// With words.
  static let lines = [
    "",
    "  ↑ ↓ or k j     select a backend; PageUp, PageDown, Home, End",
    "  Return         all that is known of it; Return or Esc goes back",
    "  d              drain it: no new sessions",
    "  m              maintain it: no sessions, no health checks",
    "  r              make it ready again; each of the three asks first: y yes, n no",
    "  ← → or s       sort by another column      o   in the other order",
    "  c              the loudest clients of the listeners that count theirs; c or Esc goes back",
    "  p or space     pause: the screen stands still, the curves go on",
    "  Ctrl-L         draw the screen again        q   quit",
    "",
    "  NEW/S are new sessions, →BACKEND and →CLIENT bytes, each in a second.",
    "  FAILED are failed connects since the start, red while there are new ones.",
    "  CONNECT is how long the last connects took, as a mean.",
    "  The curve shows new sessions; within a pool all curves have one scale.",
  ].map { ScreenLine($0) }
}
