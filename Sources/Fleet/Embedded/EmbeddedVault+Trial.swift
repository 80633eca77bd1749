extension EmbeddedVault {
  /// Why a node couldn't keep a journal in a data folder; nil if it could, as far as another one tells that is made beside it and taken away
  /// again. What is there is read, and stays as it is. It waits for the disk.
  package static func obstacle(in folder: String) -> Refusal? {
    do throws(Refusal) {
      _ = try look(in: folder)
      try attempt(at: "\(folder)/journal.trial")
      return nil
    } catch {
      return error
    }
  }

  private static func attempt(at path: String) throws(Refusal) {
    let disk = SystemDisk()
    // A process may have ended in the midst of it.
    clear(path, on: disk)
    defer { clear(path, on: disk) }
    do throws(JournalFault) {
      _ = try JournalSlots.open("\(path)/slots", count: slots, on: disk)
      let journal = try Journal.open(path, on: disk) { _ in }
      try journal.append([JournalRecord(type: identity, body: [])])
    } catch {
      throw .fault(error)
    }
  }

  private static func clear(_ path: String, on disk: SystemDisk) {
    for folder in ["\(path)/slots", path] {
      for name in (try? disk.names(in: folder)) ?? [] { try? disk.remove("\(folder)/\(name)") }
      try? disk.remove(folder)
    }
  }
}
