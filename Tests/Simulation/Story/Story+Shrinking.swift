package import Agreement

extension Story {
  /// The same story with less in it, of which nothing more can be left out: it breaks the same promise.
  ///
  /// - Returns: this story and its finding, or nil if nothing is wrong with it.
  package func shrunk(mutant: Mutant? = nil) -> (story: Story, finding: Finding)? {
    guard var finding = World(self, mutant: mutant).play().finding else { return nil }
    var story = self
    story.hasClients = false
    if let other = World(story, mutant: mutant).play().finding, other.promise == finding.promise {
      finding = other
    } else {
      story.hasClients = true
    }
    var size = story.deeds.count
    while size > 0 {
      var start = 0
      while start < story.deeds.count {
        var shorter = story
        shorter.deeds.removeSubrange(start..<min(start + size, story.deeds.count))
        if let other = World(shorter, mutant: mutant).play().finding, other.promise == finding.promise {
          (story, finding) = (shorter, other)
        } else {
          start += size
        }
      }
      size = size > 1 ? (size + 1) / 2 : 0
    }
    return (story, finding)
  }
}
