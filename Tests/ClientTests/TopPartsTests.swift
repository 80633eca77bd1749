import Testing

@testable import Client
@testable import Model
@testable import Text

@Suite struct TopKeyTests {
  @Test(
    "bytes of a terminal are keys",
    arguments: [
      ("q", [TopKey.character("q")]), ("\u{1B}[A\u{1B}OB", [.up, .down]), ("\u{1B}[C\u{1B}[D", [.right, .left]),
      ("\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[4~", [.pageUp, .pageDown, .home, .end]), ("\u{1B}", [.escape]),
      ("\u{3}\u{1A}\u{C}\r", [.interrupt, .suspend, .redraw, .enter]), ("dy", [.character("d"), .character("y")]),
      // With a modifier, a function key that isn't known, a mouse's report, a letter that isn't ASCII.
      ("\u{1B}[1;5Aj", [.up, .character("j")]), ("\u{1B}[15~k", [.character("k")]), ("ä", []), ("", []),
      ("\u{1B}[", []), ("\u{1B}\u{1B}[A", [.escape, .up]),
    ])
  func keys(_ text: String, _ keys: [TopKey]) {
    #expect(TopKey.read(Array(text.utf8)) == keys)
  }
}

@Suite struct SeriesTests {
  /// Samples 0, 1, 2 …
  private func series(_ count: Int) -> Series {
    var series = Series()
    for sample in 0..<count { series.add(Double(sample)) }
    return series
  }

  @Test("with a cell for each second the newest is last, and the first minute grows from the right")
  func cells() {
    #expect(series(2).cells(60) == [Double?](repeating: nil, count: 58) + [0, 1])
    #expect(series(100).cells(60) == (40..<100).map { Double($0) })
    #expect(Series().cells(60).allSatisfy { $0 == nil })
    #expect(series(100).cells(0).isEmpty)
  }

  @Test("in fewer cells samples are grouped, and stay in their group as time goes on", arguments: 1...70)
  func groups(_ width: Int) {
    let size = (60 + width - 1) / width
    for count in [1, 59, 60, 61, 62, 63, 64, 65, 119, 120, 121] {
      let cells = series(count).cells(width)
      #expect(cells.count <= min(width, 60))
      // Each cell is the mean of samples between two multiples of the size.
      for value in cells.dropFirst().dropLast().compactMap({ $0 }) {
        #expect((value - Double(size - 1) / 2).truncatingRemainder(dividingBy: Double(size)) == 0)
      }
      if size == 1 { #expect(cells.last == Double(count - 1)) }
    }
  }

  @Test("what isn't known is a gap, nothing is the lowest bar, and whatever is more is higher")
  func sparkline() {
    #expect(Sparkline.text([nil, 0, 1, 50, 100], peak: 100) == " ▁▂▅█")
    #expect(Sparkline.text([0, 0], peak: 0) == "▁▁")
    #expect(Sparkline.text([.nan, .infinity, 1e300], peak: 1) == "  █")
  }
}

@Suite struct ScreenLineTests {
  @Test("a line is cut to its columns, whatever is in it", arguments: 0...25)
  func cut(_ columns: Int) {
    var line = ScreenLine("web 日本 ", .bold)
    line.add("e\u{301}up\u{1B}[31m", .green)
    #expect(line.width == 9 + 13)
    let cut = line.cut(to: columns)
    #expect(cut.width <= columns && cut.width >= min(columns, line.width) - 1)
    #expect(line.text.hasPrefix(cut.text))
  }

  @Test("nothing that a terminal would obey gets into a line")
  func printable() {
    #expect(ScreenLine("a\u{1B}[2J\r\nb\u{9B}c").text == "a\\u{1b}[2J\\u{d}\\u{a}b\\u{9b}c")
    #expect(ScreenLine("a", .green).rendered(coloured: false) == "a")
    #expect(ScreenLine("a", .green).rendered(coloured: true) == "\u{1B}[32ma\u{1B}[0m")
  }

  @Test("text in a column is as wide as the column")
  func fit() {
    #expect(ScreenWidth.fit("b1", to: 4) == "b1  ")
    #expect(ScreenWidth.fit("backend", to: 4) == "bac…")
    #expect(ScreenWidth.fit("日本語", to: 4) == "日 …")
    #expect(ScreenWidth.fit("b", to: 0) == "")
  }
}
