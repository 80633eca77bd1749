/// The SHA-256 of a configuration's text, by which two are known to be the same.
package struct Digest: Hashable, Sendable {
  /// Its 256 bits, the first ones first.
  package var words: (UInt64, UInt64, UInt64, UInt64)

  /// Takes the bits.
  package init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    words = (first, second, third, fourth)
  }

  /// Whether all bits are the same.
  package static func == (left: Digest, right: Digest) -> Bool {
    left.words == right.words
  }

  /// Feeds the first bits, which are as good as all.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
  }
}

/// A configuration that somebody wants all nodes to have.
package struct Proposal: Hashable, Sendable {
  /// One node has it first, alone, and says yes only if that went well.
  package struct Canary: Hashable, Sendable {
    /// Which node.
    package var node: NodeName
    /// How long it's looked at.
    package var soak: Span

    /// With both.
    package init(_ node: NodeName, soak: Span) {
      self.node = node
      self.soak = soak
    }
  }

  /// The generation that it's a change of: on any other it's void.
  package var base: UInt64
  /// The configuration.
  package var text: [UInt8]
  /// What the text comes to.
  package var digest: Digest
  /// Who has to say yes, in the order of their names. Nodes that are away aren't among them.
  package var participants: [Participant]
  /// How long there's time to vote, on anybody's clock.
  package var patience: Span
  /// Who tries it first, if anybody does.
  package var canary: Canary?
  /// How long the way back stays open after the commit, if it's to be confirmed.
  package var confirmation: Span?
  /// Who wants it.
  package var author: String

  /// With all its parts.
  package init(
    base: UInt64, text: [UInt8], digest: Digest, participants: [Participant], patience: Span, canary: Canary? = nil,
    confirmation: Span? = nil, author: String
  ) {
    self.base = base
    self.text = text
    self.digest = digest
    self.participants = participants
    self.patience = patience
    self.canary = canary
    self.confirmation = confirmation
    self.author = author
  }
}

/// What a node says to a proposal.
package enum Vote: Hashable, Sendable {
  /// It can have this configuration at once, and holds all that it needs for that.
  case yes
  /// It can't, and why.
  case no(String)
}
