/// Values by numbers, each once.
struct Table<Value: Hashable> {
  private(set) var values: [Value] = []
  private var numbers: [Value: UInt32] = [:]

  /// The number of a value: a new one, if it wasn't there before.
  mutating func number(of value: Value) -> UInt32 {
    if let number = numbers[value] { return number }
    let number = UInt32(values.count)
    numbers[value] = number
    values.append(value)
    return number
  }

  subscript(number: UInt32) -> Value { values[Int(number)] }
}

/// Very many values in the order in which they came: a list that never moves what it has.
struct Roll<Value> {
  private var blocks: [[Value]] = []
  private(set) var count = 0

  mutating func append(_ value: Value) {
    if count & 0xFFFF == 0 {
      blocks.append([])
      blocks[blocks.count - 1].reserveCapacity(0x1_0000)
    }
    blocks[blocks.count - 1].append(value)
    count += 1
  }

  subscript(index: Int) -> Value { blocks[index >> 16][index & 0xFFFF] }
}
