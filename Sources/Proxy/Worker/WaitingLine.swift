/// Somebody who can stand in a line.
protocol Waiting: AnyObject {
  /// The place in the line, for the line alone.
  var linePlace: Int { get set }
}

/// Members in the order in which they came. Each knows its place, so that taking out anybody takes the same time however
/// many there are, on average: a place that was left stays empty until half of them are.
struct WaitingLine<Member: Waiting> {
  private var places: [Member?] = []
  /// Nobody stands before this place.
  private var head = 0
  /// How many stand in it.
  private(set) var count = 0

  /// The one who came first of those who are left.
  var first: Member? { count > 0 ? places[head] : nil }

  /// All of them, in their order.
  var all: [Member] { places.compactMap(\.self) }

  /// The one who stands behind a member.
  func next(after member: Member) -> Member? {
    var place = member.linePlace + 1
    while place < places.count {
      if let next = places[place] { return next }
      place += 1
    }
    return nil
  }

  mutating func append(_ member: Member) {
    member.linePlace = places.count
    places.append(member)
    count += 1
  }

  mutating func remove(_ member: Member) {
    precondition(places[member.linePlace] === member, "somebody was taken out of a line that they don't stand in")
    places[member.linePlace] = nil
    count -= 1
    guard count * 2 >= places.count else { return close() }
    while head < places.count, places[head] == nil { head += 1 }
  }

  /// Closes the gaps.
  private mutating func close() {
    places = all.map(Optional.some)
    head = 0
    for (place, member) in places.enumerated() { member?.linePlace = place }
  }
}
