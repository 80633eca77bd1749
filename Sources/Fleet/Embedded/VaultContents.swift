import Agreement

/// What is read of an ``EmbeddedVault``: of its journal, and of its slots.
struct VaultContents {
  private var memory: FleetMemory
  /// Who the node is, and its last start; nil in a journal that is new.
  private(set) var stored: (incarnation: Incarnation, run: UInt32)?
  /// Which slot each name has.
  private(set) var places: [String: Int] = [:]
  private var strange: EmbeddedVault.Refusal?

  /// - Parameter memory: what else the data folder holds.
  init(_ memory: FleetMemory) {
    self.memory = memory
    self.memory.embedded = EmbeddedMemory()
  }

  mutating func take(_ record: JournalRecord) {
    do throws(DecodingFault) {
      if record.type == EmbeddedVault.identity {
        stored = try Self.identity(record.body)
      } else {
        memory.embedded.take(try EmbeddedRecord(kind: record.type, encoded: record.body))
      }
    } catch {
      strange = strange ?? .strange("\(error)")
    }
  }

  mutating func take(_ slots: JournalSlots) {
    do throws(DecodingFault) {
      for place in 0..<EmbeddedVault.names {
        guard let bytes = slots.read(place) else { continue }
        let (name, slot) = try PaxosSlot.decode(bytes)
        places[name] = place
        memory.embedded.slots[name] = slot
      }
      guard let bytes = slots.read(EmbeddedVault.termsPlace) else { return }
      let terms = try PaxosSlot.terms(bytes)
      for (name, place) in places where place < terms.count { memory.embedded.slots[name]?.term = terms[place] }
    } catch {
      strange = strange ?? .strange("slot: \(error)")
    }
  }

  /// All of it, unless there's something that this version can't read.
  func whole() throws(EmbeddedVault.Refusal) -> FleetMemory {
    if let strange { throw strange }
    return memory
  }

  private static func identity(_ bytes: [UInt8]) throws(DecodingFault) -> (incarnation: Incarnation, run: UInt32) {
    var input = ByteReader(bytes)
    let identity = (incarnation: Incarnation(bits: try input.number()), run: try input.number(UInt32.self))
    try input.finish()
    return identity
  }
}
