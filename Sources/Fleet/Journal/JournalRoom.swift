import SystemPackage

/// Where the room for segments comes from: files of zeros, all of them on the disk before they are used.
struct JournalRoom {
  private let folder: JournalFolder
  /// How many bytes the spare file has; nil if there is none.
  private(set) var spare: Int?

  /// That of a folder of which nothing is known yet.
  init(_ folder: JournalFolder) {
    self.folder = folder
  }

  /// A file of at least so many zeros: a new one, or the spare one, which is made larger where it's too small.
  ///
  /// One that throws for lack of room leaves what was there before; a spare file may have taken all the room that there was.
  func file(_ place: JournalFolder.Place, size: Int) throws(Errno) -> any JournalFile {
    let present = place == .spare ? spare : nil
    let path = folder.path(place)
    let file = present == nil ? try folder.disk.create(path) : try folder.disk.open(path)
    do throws(Errno) {
      guard present ?? 0 < size else { return file }
      try file.zero((present ?? 0)..<size)
      try file.sync()
    } catch {
      if error.meansFull, present == nil { try? folder.disk.remove(path) }
      throw error
    }
    return file
  }

  /// A file of this place is about to become a segment.
  mutating func use(_ place: JournalFolder.Place) {
    if place == .spare { spare = nil }
  }

  /// Takes away what a crash has left, and sees to it that there's a spare file of this size unless the disk is full.
  ///
  /// All of a spare file that is found becomes zeros: it may have been on its way to become a segment of a number that comes again.
  mutating func tidy(size: Int) throws(Errno) {
    if folder.has(.next) { try folder.disk.remove(folder.path(.next)) }
    do throws(Errno) {
      let path = folder.path(.spare)
      let file = folder.has(.spare) ? try folder.disk.open(path) : try folder.disk.create(path)
      let size = max(try file.size(), size)
      try file.zero(0..<size)
      try file.sync()
      spare = size
    } catch {
      guard error.meansFullDisk else { throw error }
      try? folder.disk.remove(folder.path(.spare))
    }
  }

  /// Lets segments go that nothing needs; one becomes the spare file, if there is none.
  ///
  /// It's left as it is: what lies in it bears the number that it had, and smaller ones than whatever is written to it.
  mutating func retire(_ numbers: [UInt64]) throws(Errno) {
    var numbers = numbers
    if spare == nil, let last = numbers.last, let size = try size(last) {
      try folder.disk.rename(folder.path(last), to: folder.path(.spare))
      spare = size
      numbers.removeLast()
    }
    for number in numbers { try folder.disk.remove(folder.path(number)) }
    try folder.disk.sync(folder.path)
  }

  /// How many bytes a segment has; nil if there's no descriptor left to find out by.
  private func size(_ number: UInt64) throws(Errno) -> Int? {
    do throws(Errno) {
      return try folder.disk.open(folder.path(number)).size()
    } catch {
      guard error.meansFull else { throw error }
      return nil
    }
  }
}
