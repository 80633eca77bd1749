/// What is on its way to one node: numbers of messages, by who said them.
struct Inbox: Hashable {
  /// What somebody has said.
  struct Parcel: Hashable {
    var from: UInt8
    var message: UInt32
  }

  private(set) var parcels: [Parcel] = []

  /// Puts something in: after all of the same node, or, if order means nothing, once at its place among them.
  mutating func put(_ message: UInt32, from: Int, _ delivery: Delivery) {
    let parcel = Parcel(from: UInt8(from), message: message)
    switch delivery {
    case .asLogged: parcels.append(parcel)
    case .inOrder:
      let index = parcels.firstIndex { $0.from > parcel.from } ?? parcels.endIndex
      parcels.insert(parcel, at: index)
    case .inAnyOrder:
      let index = parcels.firstIndex { ($0.from, $0.message) >= (parcel.from, message) } ?? parcels.endIndex
      parcels.insert(parcel, at: index)
    }
  }

  /// Takes something out.
  mutating func take(_ parcel: Parcel) {
    if let index = parcels.firstIndex(of: parcel) { parcels.remove(at: index) }
  }

  /// What can be heard next.
  func next(_ delivery: Delivery) -> [Parcel] {
    switch delivery {
    case .asLogged: Array(parcels.prefix(1))
    case .inAnyOrder: parcels.indices.filter { $0 == 0 || parcels[$0 - 1] != parcels[$0] }.map { parcels[$0] }
    case .inOrder: parcels.indices.filter { $0 == 0 || parcels[$0 - 1].from != parcels[$0].from }.map { parcels[$0] }
    }
  }
}
