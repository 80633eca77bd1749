import Agreement

/// How what a node of the embedded engine has promised is opened: once at the start, and again where what stood in the way may pass.
struct VaultOpening: Sendable {
  /// How long it waits from one try to the next one.
  let pause: Duration
  private let folder: DataFolder
  private let memory: FleetMemory
  private let names: [String]

  /// - Parameters:
  ///   - memory: what else the folder holds, with this start counted.
  ///   - names: the addresses that the file names.
  init(_ folder: DataFolder, _ memory: FleetMemory, names: [String], pause: Duration = .seconds(5)) {
    (self.folder, self.memory, self.names, self.pause) = (folder, memory, names, pause)
  }

  /// Opens it, or says what stands in the way. It waits for the disk.
  func attempt() -> Result<(vault: EmbeddedVault, memory: FleetMemory), EmbeddedVault.Refusal> {
    Result { () throws(EmbeddedVault.Refusal) in
      var generator = SystemRandomNumberGenerator()
      let opened = try EmbeddedVault.open(in: folder.path, on: SystemDisk(), memory, names: names) { generator.next() }
      try? folder.adopt(opened.memory)
      return opened
    }
  }
}

extension EmbeddedVault.Refusal {
  /// Whether it may be another time without anybody's doing something about what is on the disk: a process that had it has ended, there's room again,
  /// or the process has descriptors left. What couldn't be written isn't tried again, as nobody knows what the disk has.
  var mayPass: Bool {
    guard case .fault(let fault) = self else { return false }
    switch fault {
    case .busy, .full, .unreadable: return true
    case .broken, .corrupt, .version: return false
    }
  }
}
