extension ByteWriter {
  /// A node with its memory.
  mutating func put(_ participant: Participant) {
    put(participant.node.text)
    put(participant.incarnation.bits)
  }

  /// What makes an entry that one.
  mutating func put(_ id: EntryID) {
    put(id.author)
    put(id.run)
    put(id.sequence)
  }

  /// What a text comes to.
  mutating func put(_ digest: Digest) {
    put(digest.words.0)
    put(digest.words.1)
    put(digest.words.2)
    put(digest.words.3)
  }
}

extension ByteReader {
  /// The form of what follows, to a program that knows so much.
  mutating func form(knowing known: Form) throws(DecodingFault) -> Form {
    let number = try number(UInt8.self)
    guard number > 0 else { throw .unknown("form 0") }
    guard number <= known.number else { throw .later(Form(number)) }
    return Form(number)
  }

  /// A node with its memory.
  mutating func participant() throws(DecodingFault) -> Participant {
    Participant(NodeName(try text()), Incarnation(bits: try number()))
  }

  /// What makes an entry that one.
  mutating func entryID() throws(DecodingFault) -> EntryID {
    EntryID(try participant(), run: try number(), sequence: try number())
  }

  /// What a text comes to.
  mutating func digest() throws(DecodingFault) -> Digest {
    Digest(try number(), try number(), try number(), try number())
  }

  /// A length of time that leads forward.
  mutating func span() throws(DecodingFault) -> Span {
    let nanoseconds = try number(Int64.self)
    guard nanoseconds >= 0 else { throw .unknown("span \(nanoseconds)") }
    return Span(nanoseconds: nanoseconds)
  }

  /// A lease's term.
  mutating func term() throws(DecodingFault) -> Span {
    let term = try span()
    guard term <= Lease.longest else { throw .unknown("term of \(term.nanoseconds) ns") }
    return term
  }
}
